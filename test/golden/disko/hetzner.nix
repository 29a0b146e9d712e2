# Written by: pantheros render disko
#
# Btrfs has nodatacow, compress=, the space cache and discard once for a whole filesystem, from its first mount. So every
# subvolume of a disk is mounted with the same such options, and what must not be copied on write gets the attribute C
# (chattr +C) while it is still empty: nodatacow at one mount would be ignored, and at a remount it would hold for all.
{
  # The one disk of the virtual machine; the provider's storage is solid state and wants to be trimmed.
  disko.devices.disk.primary = {
    type = "disk";
    device = "/dev/sda";
    content = {
      type = "gpt";
      partitions = {
        # For GRUB, where there is no UEFI.
        boot = {
          priority = 1;
          size = "1M";
          type = "EF02";
        };
        ESP = {
          priority = 2;
          size = "1G";
          type = "EF00";
          content = {
            type = "filesystem";
            format = "vfat";
            mountpoint = "/boot";
            mountOptions = [ "umask=0077" ];
          };
        };
        root = {
          size = "100%";
          content = {
            type = "btrfs";
            extraArgs = [ "--label" "primary" ];
            subvolumes = {
              # The general files of a system compress well.
              "@" = {
                mountpoint = "/";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" ];
              };
              # People's files compress well, and their snapshots are what one goes back to.
              "@home" = {
                mountpoint = "/home";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" ];
              };
              # Source code compresses three- to fivefold and is read often.
              "@dev" = {
                mountpoint = "/home/dev";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" ];
              };
              # Settings of people, apart from their data.
              # Not mounted: the profile does not say where; add a mountpoint.
              "@config" = { };
              # What programs keep for people, apart from their data.
              # Not mounted: the profile does not say where; add a mountpoint.
              "@local" = { };
              # Caches are rewritten often: compressed lightly at most.
              # Not mounted: the profile does not say where; add a mountpoint.
              "@user-cache" = { };
              # Assistants and their models, apart from people's data.
              # Not mounted: the profile does not say where; add a mountpoint.
              "@ai-tools" = { };
              # The Nix store with its hard links and atomic updates shall not be copied on write.
              # The zstd:1 that is asked for besides has no effect: Btrfs compresses nothing that is not copied on
              # write; Btrfs itself needs this for neither hard links nor atomic updates.
              "@nix" = {
                mountpoint = "/nix";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" ];
              };
              # Logs compress five- to tenfold, and snapshots of them help to find what happened.
              "@log" = {
                mountpoint = "/var/log";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" ];
              };
              # Caches are rewritten often: compressed lightly at most.
              "@var-cache" = {
                mountpoint = "/var/cache";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" ];
              };
              # Speed before space, for what is not kept.
              "@tmp" = {
                mountpoint = "/tmp";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" ];
              };
              # Containers write much, copying on write costs them dearly, and images are compressed already.
              "@containers" = {
                mountpoint = "/var/lib/containers";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" ];
              };
              # The kernel refuses a swap file that is copied on write.
              # disko makes the swap file with the attribute C.
              "@swap" = {
                mountpoint = "/swap";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" ];
                swap.swapfile.size = "4G";
              };
              # A database that rewrites its pages in place fragments, and slows down at each fsync, when they are
              # copied on write.
              "@postgresql" = {
                mountpoint = "/var/lib/postgresql";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" ];
              };
              # What it appends and rewrites shall stay in place, as for any database.
              "@redis" = {
                mountpoint = "/var/lib/redis";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" ];
              };
            };
            # Not copied on write: set while they are empty, so that every file in them inherits the attribute.
            postCreateHook = ''
              (
                top=$(mktemp -d)
                mount -o subvolid=5 "$device" "$top"
                trap 'umount "$top" && rmdir "$top"' EXIT
                chattr +C "$top"/@nix
                chattr +C "$top"/@tmp
                chattr +C "$top"/@containers
                chattr +C "$top"/@swap
                chattr +C "$top"/@postgresql
                chattr +C "$top"/@redis
              )
            '';
          };
        };
      };
    };
  };
}

# Written by: pantheros render disko
#
# Btrfs has nodatacow, compress=, the space cache and discard once for a whole filesystem, from its first mount. So every
# subvolume of a disk is mounted with the same such options, and what must not be copied on write gets the attribute C
# (chattr +C) while it is still empty: nodatacow at one mount would be ignored, and at a remount it would hold for all.
{
  # An NVMe disk: trimmed in the background, with the allocator for solid state and defragmentation as files are
  # written.
  disko.devices.disk.primary = {
    type = "disk";
    device = "/dev/nvme0n1";
    content = {
      type = "gpt";
      partitions = {
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
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" "ssd" "autodefrag" ];
              };
              # People's files compress well, and their snapshots are what one goes back to.
              "@home" = {
                mountpoint = "/home";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" "ssd" "autodefrag" ];
              };
              # The Nix store with its hard links and atomic updates shall not be copied on write.
              # The zstd:1 that is asked for besides has no effect: Btrfs compresses nothing that is not copied on
              # write; Btrfs itself needs this for neither hard links nor atomic updates.
              "@nix" = {
                mountpoint = "/nix";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" "ssd" "autodefrag" ];
              };
              # Containers write much, copying on write costs them dearly, and images are compressed already.
              "@containers" = {
                mountpoint = "/var/lib/containers";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" "ssd" "autodefrag" ];
              };
              # Local backups are kept apart from what they are of.
              # Not mounted: the profile does not say where; add a mountpoint.
              "@backups" = { };
              # Logs compress five- to tenfold, and snapshots of them help to find what happened.
              # Not part of the profile, but right where it is.
              "@log" = {
                mountpoint = "/var/log";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" "ssd" "autodefrag" ];
              };
              # A database that rewrites its pages in place fragments, and slows down at each fsync, when they are
              # copied on write.
              # Only where something uses it.
              "@postgresql" = {
                mountpoint = "/var/lib/postgresql";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" "ssd" "autodefrag" ];
              };
              # What it appends and rewrites shall stay in place, as for any database.
              # Only where something uses it.
              "@redis" = {
                mountpoint = "/var/lib/redis";
                mountOptions = [ "noatime" "compress=zstd:3" "space_cache=v2" "discard=async" "ssd" "autodefrag" ];
              };
            };
            # Not copied on write: set while they are empty, so that every file in them inherits the attribute.
            postCreateHook = ''
              (
                top=$(mktemp -d)
                mount -o subvolid=5 "$device" "$top"
                trap 'umount "$top" && rmdir "$top"' EXIT
                chattr +C "$top"/@nix
                chattr +C "$top"/@containers
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

/** A disk as a hardware report describes it. */
export interface Disk {
  /** `/dev/nvme0n1`; null: the report does not say. */
  readonly device: string | null;
  /** `/dev/disk/by-id/…`, which stays the same however the kernel counts its disks; null: the report does not say. */
  readonly stableName: string | null;
  /** By which way it is attached. */
  readonly kind: "nvme" | "virtio" | "scsi" | "usb" | "other";
  /** Null: the report does not say. */
  readonly bytes: number | null;
  readonly model: string;
}

export interface Hardware {
  /** Without what is no disk of its own: zram, loop devices, optical drives. */
  readonly disks: readonly Disk[];
  /** Whether the machine is a virtual one; null: the report does not say. */
  readonly isVirtual: boolean | null;
}

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Whether the machine runs on mains power: some adaptor is online, or there is none and no battery is being discharged. As systemd's
 * `ConditionACPower=` sees it. https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-class-power
 * @param directory the kernel's list of power supplies, for tests
 */
export async function onMainsPower(directory = "/sys/class/power_supply"): Promise<boolean> {
  const supplies = await readdir(directory).catch(() => []);
  let offline = false;
  let discharging = false;
  for (const supply of supplies) {
    const value = async (name: string) =>
      (await readFile(join(directory, supply, name), "utf8").catch(() => "")).trim();
    const type = await value("type");
    if (type === "Mains" || type === "USB") {
      if ((await value("online")) === "1") return true;
      // USB ports that nothing is plugged into say nothing about a machine whose own adaptor is elsewhere.
      if (type === "Mains") offline = true;
    }
    // Batteries of mice and keyboards are of scope Device.
    if (type === "Battery" && (await value("scope")) !== "Device" && (await value("status")) === "Discharging")
      discharging = true;
  }
  return !offline && !discharging;
}

import type { Finding } from "./finding.ts";
import { entriesOf, isMap, type Path, quote, valueAt, writePath } from "./path.ts";

/** Places of which nothing can be listed without restic, and so without the password. */
const needsRestic = /^(?:s3|sftp|b2|azure|gs|swift|rclone):/;

/** A repository without a password is only looked at from outside: nothing may be asked of it that this look cannot tell. */
export function observedRepositories(value: unknown): readonly Finding[] {
  return entriesOf(valueAt(value, ["repositories"])).flatMap(([name, content]): Finding[] => {
    if (!isMap(content) || content["password"] !== undefined) return [];
    const path = ["repositories", name];
    const { repository, retention, initialize } = content;
    if (typeof repository === "string" && needsRestic.test(repository)) {
      const message = "is required: without it only a folder or a REST server can be observed";
      return [{ path: [...path, "password"], message }];
    }
    if (retention !== undefined) {
      const message = "cannot be judged without the password of the repository: snapshots are dated inside it";
      return [{ path: [...path, "retention"], message, hint: "add password, or take retention out" }];
    }
    if (initialize !== true) return [];
    const message = "cannot create a repository without a password";
    return [{ path: [...path, "initialize"], message, hint: "add password, or take initialize out" }];
  });
}

/** A step that works with a repository needs its password. @param path of the step's option that names it */
export function passwordFor(value: unknown, name: unknown, path: Path): readonly Finding[] {
  if (typeof name !== "string") return [];
  const declared = valueAt(value, ["repositories", name]);
  if (!isMap(declared) || declared["password"] !== undefined) return [];
  const message = `is required: ${writePath(path)} works with ${quote(name)}`;
  const hint = "add password: {file: /path}; without one a repository is only observed";
  return [{ path: ["repositories", name, "password"], message, hint }];
}

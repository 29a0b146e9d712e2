import { basename } from "node:path";
import type * as z from "zod";
import type { LoadedConfig } from "./load.ts";
import { type Path, writePath } from "./path.ts";
import { type SecretReference, secretReference } from "./scalars.ts";
import { configuration } from "./schema.ts";
import { layersOf, visitValues } from "./schema-tree.ts";

/** One secret that the configuration names, with all places that use it. */
export interface NamedSecret {
  /** How a person calls it: the name of its file, its credential or variable; the whole path of the file where two have the same name. */
  readonly name: string;
  readonly reference: SecretReference;
  /** Places in the configuration: `repositories.main.password`. */
  readonly usedBy: readonly string[];
  /** Whether we may make it up: nobody else gives it to us. */
  readonly generated: boolean;
  /** What it locks cannot be read without it by anybody. */
  readonly irreplaceable: boolean;
}

/**
 * Every secret of a configuration, in the order in which it names them: of all sections, and of the options of steps.
 * @param optionsOf the options that a runner declares
 */
export function secretsOf(
  { config, steps }: Pick<LoadedConfig, "config" | "steps">,
  optionsOf: (uses: string) => z.core.$ZodType,
): readonly NamedSecret[] {
  const uses = new Map<string, { readonly reference: SecretReference; readonly paths: Path[] }>();
  const visit = (value: unknown, schema: z.core.$ZodType, path: Path): boolean | undefined => {
    if (!isSecret(schema)) return undefined;
    const reference = value as SecretReference;
    const key = JSON.stringify(reference);
    const known = uses.get(key) ?? { reference, paths: [] };
    known.paths.push(path);
    uses.set(key, known);
    return false;
  };
  visitValues(configuration, config, visit);
  for (const [job, loaded] of steps)
    for (const { position, uses: runner, options } of loaded)
      visitValues(optionsOf(runner), options, visit, ["jobs", job, "steps", position]);
  const found = [...uses.values()];
  return found.map(({ reference, paths }) => ({
    name: nameAmong(
      found.map((other) => other.reference),
      reference,
    ),
    reference,
    usedBy: paths.map(writePath),
    generated: paths.every((path) => isRepositoryPassword(path) || writePath(path) === "outputs.prometheus.token"),
    irreplaceable: paths.some(isRepositoryPassword),
  }));
}

/** Also where it was given a description of its own: that makes another schema of the same definition. */
function isSecret(schema: z.core.$ZodType): boolean {
  return layersOf(schema).some(({ _zod: { def } }) => def === secretReference._zod.def);
}

function isRepositoryPassword([section, , setting, ...rest]: Path): boolean {
  return section === "repositories" && setting === "password" && rest.length === 0;
}

function nameAmong(all: readonly SecretReference[], reference: SecretReference): string {
  const short = shortName(reference);
  if (all.filter((other) => shortName(other) === short).length === 1) return short;
  return "file" in reference ? reference.file : short;
}

function shortName(reference: SecretReference): string {
  if ("file" in reference) return basename(reference.file);
  return "credential" in reference ? reference.credential : reference.environment;
}

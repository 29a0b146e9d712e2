import type * as z from "zod";
import { suggest } from "./closest.ts";
import type { LoadedStep, StepDeclaration } from "./declaration.ts";
import { stepId, stepKeys } from "./declaration.ts";
import type { Finding } from "./finding.ts";
import { check, unknownKey } from "./issues.ts";
import { entriesOf, isMap, type Path, quote, valueAt, writePath } from "./path.ts";
import { replaceReferences } from "./references.ts";
import { layersOf } from "./schema-tree.ts";
import { checkReferences, type EarlierStep, type Plausible } from "./step-references.ts";

/** A step that uses a known runner, with the options that this runner knows. */
export interface WrittenStep {
  readonly path: Path;
  readonly declaration: StepDeclaration;
  readonly options: Readonly<Record<string, unknown>>;
}

const baseKeys: readonly string[] = stepKeys;

/**
 * Checks every step of every job against the runner that it uses.
 * @param value the whole configuration as written; parts that are not what they should be are reported by the schema, not here
 * @param declarations those that are used
 * @param names of all that there are
 */
export function checkSteps(
  value: unknown,
  declarations: readonly StepDeclaration[],
  names: readonly string[] = declarations.map(({ uses }) => uses),
) {
  const findings: Finding[] = [];
  const written: WrittenStep[] = [];
  const loaded = new Map<string, readonly LoadedStep[]>();
  for (const [job, content] of entriesOf(valueAt(value, ["jobs"]))) {
    const steps = valueAt(content, ["steps"]);
    const earlier: EarlierStep[] = [];
    const ofJob: LoadedStep[] = [];
    for (const [position, step] of (Array.isArray(steps) ? steps : []).entries()) {
      const declaration = declarations.find(({ uses }) => uses === valueAt(step, ["uses"]));
      const path = ["jobs", job, "steps", position];
      if (!isMap(step)) continue;
      const id = stepId(step, position);
      if (declaration) {
        const options = optionsOf(step, declaration);
        written.push({ path, declaration, options });
        findings.push(...unknownOptions(step, declaration, path));
        const references = checkReferences(options, declaration.options, { job, steps, position, earlier, path });
        const parsed = parse(options, declaration, references.plausible, path);
        findings.push(
          ...references.findings,
          ...(references.findings.length > 0 ? withoutReferences(parsed.findings, references.paths) : parsed.findings),
        );
        ofJob.push({ position, id, uses: declaration.uses, options, planned: parsed.planned });
      } else if (typeof step["uses"] === "string") findings.push(unknownRunner(step["uses"], path, names));
      earlier.push({ id, produces: declaration?.produces ?? null });
    }
    loaded.set(job, ofJob);
  }
  return { findings, written, loaded };
}

/** What the runner knows of what is written, and its defaults where nothing is. */
function optionsOf(step: Readonly<Record<string, unknown>>, { options }: StepDeclaration): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(options.shape)) {
    if (baseKeys.includes(key)) continue;
    const value = Object.hasOwn(step, key) ? step[key] : defaultOf(schema);
    if (value !== undefined) known[key] = value;
  }
  return known;
}

/** The default as a person would write it; undefined when there is none, or only one of another type than what is written. */
function defaultOf(schema: z.core.$ZodType): unknown {
  const layers = layersOf(schema);
  const prefault = layers.find((layer) => layer._zod.def.type === "prefault");
  const ready = layers.some((layer) => layer._zod.def.type === "pipe")
    ? undefined
    : layers.find((layer) => layer._zod.def.type === "default");
  const def = (prefault ?? ready)?._zod.def;
  return def && "defaultValue" in def ? def.defaultValue : undefined;
}

function unknownOptions(
  step: Readonly<Record<string, unknown>>,
  { options, uses }: StepDeclaration,
  path: Path,
): Finding[] {
  const known = [...Object.keys(options.shape), ...baseKeys];
  return Object.keys(step)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const finding = unknownKey([...path, key], key, known);
      return { ...finding, message: `${finding.message} of a step that uses ${uses}` };
    });
}

function unknownRunner(uses: string, path: Path, names: readonly string[]): Finding {
  const hint = suggest(uses, names, "no runners are known here");
  return { path: [...path, "uses"], message: `there is no runner ${quote(uses)}`, hint };
}

/** A text of unknown content may become a path or a name: the option is wrong only when it refuses both. */
function parse(
  options: Readonly<Record<string, unknown>>,
  declaration: StepDeclaration,
  plausible: Plausible,
  at: Path,
) {
  const first = replaceReferences(options, (reference) => plausible(reference)[0]);
  const asPaths = check(declaration.options, first, at);
  if (asPaths.data) return { planned: asPaths.data, findings: [] };
  const refused = new Set(asPaths.findings.map(({ path }) => writePath(path)));
  const second = replaceReferences(options, (reference, path) => {
    const [asPath, asName] = plausible(reference);
    return refused.has(writePath([...at, ...path])) ? asName : asPath;
  });
  const asNames = check(declaration.options, second, at);
  return { planned: asNames.data ?? {}, findings: asNames.findings };
}

/** A reference that cannot be resolved has been reported; what its text would have been is not worth a second problem. */
function withoutReferences(findings: readonly Finding[], paths: ReadonlySet<string>): readonly Finding[] {
  return findings.filter(({ path }) => !paths.has(writePath(path)));
}

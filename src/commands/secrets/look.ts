import type { SecretReference } from "../../config/scalars.ts";
import { problemOfSecret, type SecretState } from "../../config/secret.ts";
import type { NamedSecret } from "../../config/secret-uses.ts";
import type { Invocation } from "../command.ts";
import { createStyle, type Style } from "../terminal/style.ts";
import { formatTable } from "../terminal/table.ts";

export interface SecretLook {
  readonly secret: NamedSecret;
  /** `elsewhere`: only the process that is given it can tell. */
  readonly state: SecretState | "elsewhere";
  readonly message: string | null;
  readonly advice: string | null;
}

/** Looks at a secret as a run that is started here would. */
export function lookAt(secret: NamedSecret, { environment }: Pick<Invocation, "environment">): SecretLook {
  const { reference } = secret;
  const problem = problemOfSecret(reference, { env: environment });
  if (problem === null) return { secret, state: "ok", message: null, advice: null };
  if ("file" in reference) return { secret, ...problem };
  if ("environment" in reference) return { secret, ...problem, state: "elsewhere" };
  // Outside its unit nobody is given credentials; within it one that is missing is missing.
  if (environment["CREDENTIALS_DIRECTORY"] !== undefined) return { secret, ...problem };
  const advice = `in the unit: LoadCredential=${reference.credential}:/etc/pantheros/${reference.credential}`;
  return { secret, state: "elsewhere", message: "systemd hands it over to the unit", advice };
}

/** What was found, and what to do about it. */
export function report(looks: readonly SecretLook[], invocation: Invocation): string {
  const style = createStyle(invocation.stdout, invocation.environment);
  const table = formatTable({
    width: invocation.stdout.columns,
    style,
    columns: [{ title: "secret" }, { title: "state" }, { title: "read from" }, { title: "used by", grow: true }],
    rows: looks.map(({ secret, state }) => [
      secret.name,
      paintOf(state, style)(state),
      placeOf(secret.reference),
      secret.usedBy.join(", "),
    ]),
  });
  const missing = looks.filter(({ state }) => state === "missing");
  const todo = [
    ...(missing.length === 0 ? [] : ["  create the missing ones: pantheros secrets init"]),
    ...looks
      .filter(({ state }) => state !== "ok" && state !== "missing")
      .map(({ secret: { name }, message, advice }) => `  ${name}: ${message}\n    → ${advice}`),
  ];
  return todo.length === 0 ? table : `${table}\n\nWhat to do:\n${todo.join("\n")}`;
}

function paintOf(state: SecretLook["state"], style: Style): Style["good"] {
  if (state === "ok") return style.good;
  return state === "elsewhere" ? style.dim : style.bad;
}

function placeOf(reference: SecretReference): string {
  if ("file" in reference) return reference.file;
  return "credential" in reference ? `credential ${reference.credential}` : `$${reference.environment}`;
}

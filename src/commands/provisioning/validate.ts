import { chosen } from "../../provision/choice.ts";
import { checkResources } from "../../provision/rules.ts";
import { checkedByServer, serverFindings } from "../../provision/server-check.ts";
import { type Invocation, print, printJson } from "../command.ts";
import { createStyle } from "../terminal/style.ts";
import { tellMissingRunbooks } from "./runbooks.ts";
import { openStage, planStage } from "./stage.ts";
import { countedByKind, type Subject } from "./subject.ts";

/** Looks for mistakes in the definitions; writes nothing. */
export async function validateAction(subject: Subject, invocation: Invocation): Promise<number> {
  const stage = await openStage(subject, invocation);
  const { progress, desired } = stage;
  let asked = 0;
  try {
    const all = chosen(desired, stage.only);
    const count = all.length;
    const own = checkResources(desired);
    const isLocal = invocation.options["local"] === true;
    const findings = own.length > 0 || isLocal ? own : await askServer();
    progress.close();
    if (subject.kinds.includes("monitor")) tellMissingRunbooks(stage.stack, invocation);
    if (invocation.json) printJson(invocation, { stack: stage.stack.name, checked: count, asked, findings });
    else {
      const style = createStyle(invocation.stdout, invocation.environment);
      const lines = findings.map(({ kind, id, file, message, advice }) =>
        [
          `${style.bad("✗")} ${style.bold(`${kind} ${id}`)}  ${style.dim(file ?? "")}`,
          `    ${message}`,
          `    → ${advice}`,
        ].join("\n"),
      );
      const by =
        asked === 0
          ? "by the rules alone"
          : `by the rules${asked === count ? " and" : `, ${asked} of them also`} by ${stage.site}`;
      const verdict =
        findings.length === 0
          ? style.good(`${countedByKind(all)} ${count === 1 ? "is" : "are"} valid, ${by}`)
          : style.bad(
              `${findings.length === 1 ? "one mistake" : `${findings.length} mistakes`} in ${countedByKind(all)}`,
            );
      print(invocation, [...lines, verdict].join("\n"));
    }
    return findings.length === 0 ? 0 : 1;
  } finally {
    progress.close();
  }

  async function askServer() {
    const target = await stage.openTarget();
    const planned = await planStage(subject, stage, target);
    asked = checkedByServer(planned, target).length;
    return await serverFindings(planned, target, true);
  }
}

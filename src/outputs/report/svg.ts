import { bytesDrawing } from "./bytes-drawing.ts";
import { calendarDrawing } from "./calendar-drawing.ts";
import { type Drawing, frame } from "./frame.ts";
import { digits, escapeMarkup } from "./markup.ts";
import type { Plot } from "./plot.ts";
import { recoveryDrawing } from "./recovery-drawing.ts";
import { slug } from "./run-anchors.ts";

/** A picture with a title and a description, without a script and without anything from elsewhere. Colours come from the page's style. */
export function plotSvg(plot: Plot): string {
  const { height, content } = drawingOf(plot);
  const id = slug(plot.id);
  return [
    `<svg viewBox="0 0 ${frame.width} ${digits(height)}" role="img" aria-labelledby="${id}-title ${id}-about">`,
    `<title id="${id}-title">${escapeMarkup(plot.title)}</title><desc id="${id}-about">${escapeMarkup(plot.description)}</desc>`,
    content,
    "</svg>\n",
  ].join("\n");
}

function drawingOf(plot: Plot): Drawing {
  if (plot.kind === "recovery") return recoveryDrawing(plot);
  return plot.kind === "bytes" ? bytesDrawing(plot) : calendarDrawing(plot);
}

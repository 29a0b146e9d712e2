import { escapeHidden } from "../../model/visible-text.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for HTML and SVG, between tags or in a quoted attribute: nothing in it is markup, and nothing in it is hidden. */
export function escapeMarkup(text: string): string {
  return escapeHidden(text.toWellFormed()).replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

/** A number for an attribute of SVG: two digits are finer than any screen. */
export function digits(value: number): string {
  return String(Math.round(value * 100) / 100);
}

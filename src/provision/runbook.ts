/** Where the runbooks are while nobody says otherwise: in this repository. */
export const ownRunbooks = "docs/alerts.md";

/** The section about one alert. @param runbooks address of the page that has one for each */
export function runbookOf(id: string, runbooks = ownRunbooks): string {
  return `${runbooks}#${id}`;
}

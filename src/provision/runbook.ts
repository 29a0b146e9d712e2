/**
 * Where to read what to do about one alert: its address, or, while nobody has said where docs/alerts.md is found, the section of that. A
 * link that opens nothing where it is read is worse than none.
 * @param runbooks address of the page that has a section for each alert
 */
export function runbookOf(id: string, runbooks: string | undefined): string {
  return runbooks === undefined ? `the section ${id} of docs/alerts.md of pantheros` : `${runbooks}#${id}`;
}

/** The same as an annotation of Prometheus: `runbook_url` is what others make a link of. @param runbooks see `runbookOf` */
export function runbookAnnotation(id: string, runbooks: string | undefined): Readonly<Record<string, string>> {
  const where = runbookOf(id, runbooks);
  return runbooks === undefined ? { runbook: where } : { runbook_url: where };
}

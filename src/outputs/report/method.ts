/** How the figures come about, for who has to rely on them. */
export const method: readonly string[] = [
  "Every run is journaled before it starts and when it ends, on the host that it ran on; a run whose process was killed is found and ended as failed. A run belongs to the day and the month in which it started.",
  "A backup counts when its step succeeded, which includes a proof: what was left behind was looked for once more. Data is as old as the start of the run that saved it, and can be restored from the end of that step on.",
  "The recovery point of a moment is the age of the newest data that could be restored at that moment. Where several jobs protect a data set together it is that of the job that is worst off. The worst of the month is the longest such age, the time before the first and after the last run of the month included.",
  "The recovery time is what drills measured: restores that were made, used and found right. A drill that failed breaks the promise until another one has succeeded.",
  "Copies, retention and cost exist only as long as somebody looks: they are measured once an hour, and the report shows the worst (copies) or the last (retention, cost) of the month. A copy counts when its own place has listed the data, and it is not older than the recovery point objective. The original is the first copy.",
  "The success rate is that of the runs that ended and were not skipped.",
];

/** What must not be read into it. */
export const limits: readonly string[] = [
  "Promises are those of the configuration now, which its hash names; where hourly measurements show that a promise was another one during the month, that is listed as a change.",
  "All times are those of this host's clock. While it was wrong, so are they.",
  "What somebody changed or deleted at a repository or a bucket between two looks, and put back before the second, nobody has seen.",
  "That a backup was listed does not say that it can be restored: only drills and checks that read it back say so, and only of what they read.",
  "Costs are estimates by a dated list of prices, unless the provider's own report was there.",
  "It tells of one host. What other hosts did with the same repositories shows only in what was seen there.",
];

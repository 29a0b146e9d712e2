/**
 * Clocks of hosts, and of one host over time, may differ by this much, seconds: what is dated further ahead was dated by a wrong one and says
 * nothing about an age.
 */
export const clockTolerance = 300;

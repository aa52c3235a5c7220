/** Who changes something in the registry, and when; for the audit. */
export interface ChangedBy {
  readonly by: string;
  readonly now: Date;
}

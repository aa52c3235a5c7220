/** An employer that a sender may declare for; without dates, always. Dates are YYYY-MM-DD, both inclusive. */
export interface Mandate {
  readonly employer: string;
  readonly from?: string;
  readonly until?: string;
}

/** A technical user of an organisation in one quality (design: sender). */
export interface Sender {
  /** Six digits. */
  readonly number: string;
  readonly login: string;
  readonly enterpriseNumber: string;
  readonly quality: string;
  readonly state: 'active' | 'suspended';
  readonly channels: readonly string[];
  readonly goals: readonly string[];
  readonly networks: readonly string[];
  /** Absent: may declare for any employer. */
  readonly mandates?: readonly Mandate[];
}

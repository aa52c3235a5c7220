import { parseArgs } from 'node:util';

/** What a chaos run is told. */
export interface ChaosOptions {
  readonly seed: number;
  /** From 1 to 5000: the lists that are read at the end have so many lines. */
  readonly submissions: number;
  /** How many SIGKILLs to whole processes; pauses, restarts and broken connections come on top. */
  readonly kills: number;
  /** `embedded`: one process on SQLite; `rabbitmq`: seven processes on RabbitMQ and PostgreSQL. */
  readonly broker: 'embedded' | 'rabbitmq';
  /** Print one JSON object a line instead of text. */
  readonly json: boolean;
  /** Keep the directory with all data and logs even when all is well. */
  readonly keep: boolean;
}

const MOST_SUBMISSIONS = 5_000;

export const USAGE = `Usage: npm run chaos -- [--seed N] [--submissions N] [--kills N] [--broker embedded|rabbitmq] [--json] [--keep]

Sends submissions by SFTP while what receives and handles them is killed, paused, restarted and cut off, then counts from
outside. The seed fixes the submissions, and which fault comes when and to whom; the moment at which a fault meets a
process differs from run to run.
`;

/** Reads the command line; undefined when it is wrong or asks for help. */
export function optionsOf(args: readonly string[], now: Date): ChaosOptions | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string', default: String(now.getTime() % 1_000_000) },
        submissions: { type: 'string', default: '200' },
        kills: { type: 'string', default: '15' },
        broker: { type: 'string', default: 'rabbitmq' },
        json: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
      },
    });
    const { seed, submissions, kills, broker, json, keep } = values;
    if (broker !== 'embedded' && broker !== 'rabbitmq') return undefined;
    if (![seed, submissions, kills].every((text) => /^\d{1,9}$/.test(text))) return undefined;
    if (Number(submissions) < 1 || Number(submissions) > MOST_SUBMISSIONS) return undefined;
    return { seed: Number(seed), submissions: Number(submissions), kills: Number(kills), broker, json, keep };
  } catch {
    return undefined; // an option that there is not
  }
}

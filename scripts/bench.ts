import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { benchAccess } from './bench/access.ts';
import { benchChannels } from './bench/channels.ts';
import { benchExpiry } from './bench/expiry.ts';
import { benchFairness } from './bench/fairness.ts';
import { benchFlow } from './bench/flow.ts';
import { benchLists } from './bench/lists.ts';
import { benchMailboxes } from './bench/mailboxes.ts';
import { benchSftp } from './bench/sftp.ts';
import { benchSignature } from './bench/signature.ts';
import { benchXml } from './bench/xml.ts';

/** One measured figure: `ratio` compares it with `reference` measured in the same run, `bar` is what it must reach. */
export interface Figure {
  readonly bench: string;
  readonly case: string;
  readonly value: number;
  readonly unit: string;
  readonly reference: number | null;
  readonly ratio: number | null;
  readonly bar: number | null;
  readonly ok: boolean;
}

interface Bench {
  readonly measure: () => AsyncIterable<Figure>;
  /** Programs it compares with, and the Debian package of each. */
  readonly needs: Readonly<Record<string, string>>;
}

const FLOW_NEEDS = {
  '/usr/sbin/sshd': 'openssh-server',
  sftp: 'openssh-client',
  openssl: 'openssl',
  xmllint: 'libxml2-utils',
  sqlite3: 'sqlite3',
  '/usr/lib/rabbitmq/bin/rabbitmq-server': 'rabbitmq-server',
};

const BENCHES: Readonly<Record<string, Bench>> = {
  access: {
    measure: benchAccess,
    needs: { '/usr/lib/rabbitmq/bin/rabbitmq-server': 'rabbitmq-server' },
  },
  channels: {
    measure: benchChannels,
    needs: {
      curl: 'curl',
      python3: 'python3',
      openssl: 'openssl',
      '/usr/sbin/vsftpd': 'vsftpd',
      '/usr/sbin/nginx': 'nginx',
    },
  },
  expiry: { measure: benchExpiry, needs: FLOW_NEEDS },
  fairness: { measure: benchFairness, needs: FLOW_NEEDS },
  flow: { measure: benchFlow, needs: FLOW_NEEDS },
  lists: { measure: benchLists, needs: { psql: 'postgresql' } },
  mailboxes: {
    measure: benchMailboxes,
    needs: { curl: 'curl', openssl: 'openssl', '/usr/lib/rabbitmq/bin/rabbitmq-server': 'rabbitmq-server' },
  },
  sftp: { measure: benchSftp, needs: { '/usr/sbin/sshd': 'openssh-server', sftp: 'openssh-client' } },
  signature: { measure: benchSignature, needs: { openssl: 'openssl' } },
  xml: { measure: benchXml, needs: { xmllint: 'libxml2-utils' } },
};

/** Says what to install when a program that the bench compares with is not there. */
function requirePrograms({ needs }: Bench): void {
  const folders = (process.env['PATH'] ?? '').split(':');
  const missing = Object.keys(needs).filter((program) => {
    return !(program.startsWith('/') ? [program] : folders.map((folder) => join(folder, program))).some(existsSync);
  });
  if (missing.length === 0) return;
  const packages = missing.map((program) => needs[program]).join(' ');
  throw new Error(`${missing.join(', ')} not found; install it with: apt-get install ${packages}`);
}

const round = (value: number | null): string => (value === null ? '-' : value.toPrecision(3));

function line(figure: Figure): string {
  const { bench, case: name, value, unit, reference, ratio, bar, ok } = figure;
  const against = reference === null ? '' : ` against ${round(reference)} ${unit}, ratio ${round(ratio)}`;
  const wanted = bar === null ? '' : ` (bar ${bar}: ${ok ? 'held' : 'MISSED'})`;
  return `${bench} ${name}: ${round(value)} ${unit}${against}${wanted}`;
}

async function run(names: readonly string[], json: boolean): Promise<boolean> {
  let held = true;
  for (const name of names) {
    const bench = BENCHES[name];
    if (!bench) throw new Error(`no bench ${name}; there are ${Object.keys(BENCHES).join(', ')}`);
    requirePrograms(bench);
    for await (const figure of bench.measure()) {
      held &&= figure.ok;
      process.stdout.write(`${json ? JSON.stringify(figure) : line(figure)}\n`);
    }
  }
  return held;
}

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
try {
  const held = await run(names.length > 0 ? names : Object.keys(BENCHES), process.argv.includes('--json'));
  if (!held) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

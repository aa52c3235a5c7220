import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { servicesRequired } from '../support/services.ts';
import { runChaos } from './chaos.ts';
import type { ChaosOptions } from './options.ts';
import { createReport } from './report.ts';

const SHORT = { submissions: 20, kills: 4, json: false, keep: false } as const;

const canRunServers = () => ['/usr/lib/rabbitmq/bin', '/usr/lib/postgresql'].every((path) => existsSync(path));

/** Runs it, and fails with everything that was said when something is wrong. */
async function expectNothingLost(options: ChaosOptions): Promise<void> {
  const lines: string[] = [];
  const report = createReport((line) => lines.push(line), false);
  const { problems, dir } = await runChaos(options, report, new AbortController().signal);
  expect(problems, `${lines.join('\n')}\nseed ${options.seed}, in ${dir}`).to.deep.equal([]);
}

describe('killed, paused, restarted and cut off while files come in by SFTP, and nothing is lost or done twice', function () {
  this.timeout(400_000); // a minute, when the machine has nothing else to do

  it('in one process with the embedded broker on SQLite', () => {
    return expectNothingLost({ ...SHORT, seed: 1, broker: 'embedded' });
  });

  it('in seven processes on RabbitMQ and PostgreSQL', async function () {
    if (!servicesRequired() && !canRunServers()) this.skip();
    await expectNothingLost({ ...SHORT, seed: 2, broker: 'rabbitmq' });
  });
});

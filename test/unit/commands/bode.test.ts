import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import type { Ran } from '../../support/command-line.ts';
import { useBode } from '../../support/command-runner.ts';
import { temporaryDir } from '../../support/pki.ts';
import { aPlannedOrganisation, aPlannedSender, writeMaterials, writePlan } from '../../support/provisioning.ts';

describe('bode', () => {
  const bode = useBode();
  let dir: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ dir, remove } = await temporaryDir());
  });
  afterEach(() => remove());

  const run = (...args: string[]): Promise<Ran> => bode(args, dir);

  describe('usage', () => {
    it('explains every command with --help and ends with 0', async () => {
      const commands = [
        [],
        ['start'],
        ['config'],
        ['config', 'check'],
        ['provision'],
        ['submissions'],
        ['submission'],
        ['mailbox'],
        ['dead'],
        ['dead', 'list'],
        ['dead', 'replay'],
      ];
      const runs = await Promise.all(commands.map((command) => run(...command, '--help')));
      for (const [index, { status, stdout, stderr }] of runs.entries()) {
        expect([status, stderr], commands[index]?.join(' ')).to.deep.equal([0, '']);
        expect(stdout).to.match(/^Usage: bode/);
      }
    });

    const wrong = [
      ['nonsense'],
      ['submissions', '--limt', '3'],
      ['submissions', '--limit', '0'],
      ['submissions', '--sender', '12'],
      ['submission'],
      ['provision'],
      ['provision', 'a', 'b'],
      ['mailbox', '../x'],
      ['start', '--role', 'cook'],
    ];
    for (const args of wrong) {
      it(`ends with 2 and one line for: ${args.join(' ')}`, async () => {
        const { status, stdout, stderr } = await run(...args);
        expect([status, stdout]).to.deep.equal([2, '']);
        expect(stderr).to.match(/^error: .+\n$/);
        expect(stderr.split('\n')).to.have.length(2);
      });
    }
  });

  describe('config check', () => {
    it('prints the effective configuration', async () => {
      await writeFile(join(dir, 'my.yaml'), 'channels: { sftp: { port: 2022 } }\n');
      const { status, stdout } = await run('config', 'check', 'my.yaml');
      expect(status).to.equal(0);
      expect(parse(stdout).channels.sftp).to.deep.include({ port: 2022, idle: '10m' });
      const json = await run('config', 'check', '--config', 'my.yaml', '--json');
      expect(JSON.parse(json.stdout)).to.deep.equal(parse(stdout));
    });

    it('finds its file by --config, BODE_CONFIG or bode.yaml, in this order', async () => {
      const portOf = async (args: string[], env: NodeJS.ProcessEnv = {}) => {
        const { stdout } = await bode(['config', 'check', '--json', ...args], dir, env);
        return JSON.parse(stdout).channels.sftp.port;
      };
      const write = (name: string, port: number) =>
        writeFile(join(dir, name), `channels: { sftp: { port: ${port} } }\n`);
      expect(await portOf([])).to.equal(2222);
      await write('bode.yaml', 1);
      expect(await portOf([])).to.equal(1);
      await write('env.yaml', 2);
      expect(await portOf([], { BODE_CONFIG: 'env.yaml' })).to.equal(2);
      await write('option.yaml', 3);
      expect(await portOf(['--config', 'option.yaml'], { BODE_CONFIG: 'env.yaml' })).to.equal(3);
    });

    it('names every mistake on a line of its own and ends with 1', async () => {
      await writeFile(join(dir, 'bad.yaml'), 'a: 1\nstore: { url: "mysql://u:hunter2@h" }\nlog: { level: x }\n');
      for (const command of [
        ['config', 'check', 'bad.yaml'],
        ['start', '--config', 'bad.yaml'],
      ]) {
        const { status, stdout, stderr } = await run(...command);
        expect([status, stdout]).to.deep.equal([1, '']);
        const lines = stderr.trimEnd().split('\n');
        expect(lines).to.have.length(3);
        for (const line of lines) expect(line).to.match(/^bad\.yaml: \S+: .+; allowed: /);
        expect(stderr).not.to.include('hunter2');
      }
    });

    it('never prints a secret', async () => {
      await writeFile(join(dir, 'broker'), 'amqp://user:hunter2@host/v\n');
      await writeFile(
        join(dir, 'bode.yaml'),
        'store: { url: "postgres://u:hunter2@h/d" }\nbroker: { url: { file: broker } }\n',
      );
      for (const format of [[], ['--json']]) {
        const { status, stdout, stderr } = await run('config', 'check', ...format);
        expect(status).to.equal(0);
        expect(stdout + stderr).not.to.include('hunter2');
        expect(stdout).to.include('postgres://u:***@h/d').and.to.include('amqp://user:***@host/v');
      }
    });

    it('says in one line that a file is not there', async () => {
      expect(await run('config', 'check', 'none.yaml')).to.deep.equal({
        status: 1,
        stdout: '',
        stderr: 'none.yaml: cannot be read (ENOENT)\n',
      });
    });
  });

  describe('provision', () => {
    beforeEach(() => writeMaterials(dir));

    it('says what changed, and then that nothing did', async () => {
      await writePlan(dir, [aPlannedOrganisation()]);
      const first = await run('provision', 'plan.yaml');
      expect([first.status, first.stderr]).to.deep.equal([0, '']);
      expect(first.stdout).to.include('added sender 123456\n').and.not.to.include('nothing changed');
      const second = await run('provision', 'plan.yaml');
      expect(second).to.deep.equal({ status: 0, stdout: 'nothing changed\n', stderr: '' });
      expect(JSON.parse((await run('provision', 'plan.yaml', '--json')).stdout)).to.deep.equal({ items: [] });
    });

    it('knows the configured goals', async () => {
      await writePlan(dir, [aPlannedOrganisation({}, [aPlannedSender({ goals: ['DMFA', 'ABCD'] })])]);
      const { status, stderr } = await run('provision', 'plan.yaml');
      expect(status).to.equal(1);
      expect(stderr).to.match(/^plan\.yaml: \S+goals\[1\]: not a goal that is configured; allowed: DMFA, .+\n$/);
    });

    it('refuses a bad file with one line for each mistake', async () => {
      await writePlan(dir, [aPlannedOrganisation({ enterpriseNumber: '1', language: 'x', colour: 'red' })]);
      const { status, stdout, stderr } = await run('provision', 'plan.yaml');
      expect([status, stdout]).to.deep.equal([1, '']);
      expect(stderr.trimEnd().split('\n')).to.have.length(3);
    });
  });
});

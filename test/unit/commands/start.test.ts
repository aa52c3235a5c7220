import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { bode, spawnBode } from '../../support/command-line.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryDir } from '../../support/pki.ts';

describe('bode start', () => {
  let dir: string;
  let remove: () => Promise<void>;
  let engine: ChildProcess | undefined;
  beforeEach(async () => {
    ({ dir, remove } = await temporaryDir());
  });
  afterEach(async () => {
    engine?.kill('SIGKILL');
    await remove();
  });

  const configure = (sftpPort: number) =>
    writeFile(
      join(dir, 'bode.yaml'),
      `channels: { sftp: { port: ${sftpPort} }, ftp: { enabled: false }, webservice: { enabled: false } }\nobserve: { port: 0 }\n`,
    );

  it('does not start beside another on the same dataDir, and says what to do', async () => {
    await configure(0);
    engine = spawnBode(['start'], dir);
    const pieces: string[] = [];
    engine.stdout?.on('data', (piece) => pieces.push(String(piece)));
    await eventually(() => expect(pieces.join('')).to.include('engine started'), 30_000);
    const { status, stderr } = await bode(['start'], dir);
    expect(status).to.equal(1);
    expect(stderr).to.match(/^dataDir: another engine with an embedded broker runs on .*: stop it, or set broker\.url/);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`runs until ${signal}, writes one JSON object a line, and ends with 0`, async () => {
      await configure(0);
      engine = spawnBode(['start'], dir);
      const pieces: string[] = [];
      engine.stdout?.on('data', (piece) => pieces.push(String(piece)));
      await eventually(() => expect(pieces.join('')).to.include('engine started'), 30_000);
      engine.kill(signal);
      const [status] = await once(engine, 'close');
      expect(status).to.equal(0);
      const lines = pieces
        .join('')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines.map(({ msg }) => msg)).to.include.members(['engine started', 'stopped']);
    }).timeout(60_000);
  }

  it('ends with 1 and one line when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    await configure((other.address() as AddressInfo).port);
    const { status, stderr } = await bode(['start'], dir);
    other.close();
    expect(status).to.equal(1);
    expect(stderr).to.match(/^.*EADDRINUSE.*\n$/);
  }).timeout(60_000);
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Figure } from '../bench.ts';
import { run } from '../demonstration/command.ts';
import {
  type ChannelsEngine,
  type FtpTarget,
  startEngineOfChannels,
  startNginx,
  startVsftpd,
} from './channels-servers.ts';
import { makeLargeFile, makeSmallFiles } from './files.ts';
import { median } from './flow-run.ts';
import { residentMib } from './memory.ts';
import { stopChild } from './openssh.ts';

const LARGE_MIB = 1_024;
const SMALL_FILES = 5_000;
const PAIRS = 3;
const SLOW_CLIENTS = 200;
const SLOW_FOR_MS = 15_000;

interface Files {
  readonly large: string;
  readonly small: readonly string[];
}

/**
 * FTP against vsftpd and HTTPS against nginx, with the real curl: ours with store, hashing and durable rows, theirs
 * merely writing to the same file system, in turn; medians. And our memory while 200 clients send slowly. Needs root.
 */
export async function* benchChannels(): AsyncIterable<Figure> {
  const dir = mkdtempSync(join(tmpdir(), 'bode-bench-'));
  const running: ChildProcess[] = [];
  try {
    const large = makeLargeFile(dir, 'FI.DMFA.123456.20260314.00001.R.1.1');
    const files = { large, small: makeSmallFiles(dir, SMALL_FILES) };
    mkdirSync(join(dir, 'engine'));
    const engine = await startEngineOfChannels(join(dir, 'engine'));
    running.push(engine.child);
    const vsftpd = await startVsftpd(join(dir, 'vsftpd'), running);
    yield await slowClients(engine, files.large); // first: what large transfers leave in memory would hide what these take
    yield* ftpFigures(engine.ftp, vsftpd, files, dir);
    yield await httpsFigure(engine, await startNginx(join(dir, 'nginx'), running), files.large);
  } finally {
    for (const child of running) await stopChild(child);
    rmSync(dir, { recursive: true, force: true });
  }
}

const CURL = ['-sS', '-k', '--max-time', '300'];

async function* ftpFigures(ours: FtpTarget, theirs: FtpTarget, { large, small }: Files, dir: string) {
  const name = large.slice(large.lastIndexOf('/') + 1);
  const tls = ['--ssl-reqd'];
  const up = (more: readonly string[]) => (target: FtpTarget) => ['-T', large, target.url, ...target.login, ...more];
  const down = (more: readonly string[]) => (target: FtpTarget) => [
    ...['-o', join(dir, 'fetched'), `${target.url}${name}`, ...target.login],
    ...more,
  ];
  const compare = async (what: string, bar: number | null, args: (target: FtpTarget) => readonly string[]) => {
    const measured = await rates(
      () => timed(args(ours)),
      () => timed(args(theirs)),
      LARGE_MIB,
    );
    return figure(what, measured, 'MiB/s', bar);
  };
  yield await compare('FTP 1 GiB up, plain, against vsftpd', 0.8, up([]));
  yield await compare('FTP 1 GiB down, plain, against vsftpd', null, down([]));
  yield await compare('FTP 1 GiB up, TLS, against vsftpd', 1, up(tls));
  yield await compare('FTP 1 GiB down, TLS, against vsftpd', null, down(tls));
  const files = await rates(
    () => putAll(ours, small),
    () => putAll(theirs, small),
    SMALL_FILES,
  );
  yield figure('FTP 5000 × 4 KiB up, plain, against vsftpd', files, 'files/s', 0.8);
}

/**
 * Puts files in one session of Python's ftplib and gives the seconds that it took. Not curl: 7.88 waits a whole second
 * whenever the reply to EPSV is there before it looks, with any server.
 */
async function putAll({ url, login }: FtpTarget, files: readonly string[]): Promise<number> {
  const { hostname, port, pathname } = new URL(url);
  const [user, password] = login.at(-1)?.split(':') ?? [];
  const script = `
import ftplib, os, sys
f = ftplib.FTP(); f.connect('${hostname}', ${port}); f.login('${user}', '${password}'); f.cwd('${pathname}')
for line in sys.stdin:
    path = line.rstrip()
    f.storbinary('STOR ' + os.path.basename(path), open(path, 'rb'))
f.quit()`;
  const from = performance.now();
  await run('python3', ['-c', script], { input: files.map((file) => `${file}\n`).join('') });
  return (performance.now() - from) / 1_000;
}

async function httpsFigure({ web }: ChannelsEngine, nginx: string, large: string): Promise<Figure> {
  const auth = await web.bearer();
  const ours = () =>
    timed([
      '-o',
      '/dev/null',
      '-H',
      'Expect:',
      ...auth,
      '-F',
      `file=@${large}`,
      `${web.url}/REST/batch/v1/submissions`,
    ]);
  const theirs = () => timed(['-H', 'Expect:', '-T', large, nginx]);
  return figure('HTTPS 1 GiB up, against nginx', await rates(ours, theirs, LARGE_MIB), 'MiB/s', 0.4);
}

/** What the engine holds in memory while many send slowly, over what it held before. */
async function slowClients({ ftp, web, child }: ChannelsEngine, large: string): Promise<Figure> {
  const auth = await web.bearer();
  const before = residentMib(child);
  const clients = Array.from({ length: SLOW_CLIENTS }, (_, index) => {
    const slow = [...CURL, '--limit-rate', '20k'];
    const file = `file=@${large};filename=FI.DMFA.123456.20260314.${20_000 + index}.R.1.1`;
    const args =
      index % 2
        ? ['-T', large, `${ftp.url}FI.${index}`, ...ftp.login]
        : [...auth, '-F', file, `${web.url}/REST/batch/v1/submissions`];
    return spawn('curl', [...slow, ...args], { stdio: 'ignore' });
  });
  const gone = clients.map((client) => once(client, 'close'));
  await delay(SLOW_FOR_MS);
  const still = clients.filter(({ exitCode }) => exitCode === null).length;
  const more = residentMib(child) - before;
  for (const client of clients) client.kill('SIGKILL');
  await Promise.all(gone);
  if (still < SLOW_CLIENTS) throw new Error(`${SLOW_CLIENTS - still} slow clients were turned away`);
  return {
    bench: 'channels',
    case: `memory under ${SLOW_CLIENTS} slow clients`,
    value: more,
    unit: 'MiB',
    reference: null,
    ratio: null,
    bar: 200,
    ok: more <= 200,
  };
}

async function timed(args: readonly string[]): Promise<number> {
  const from = performance.now();
  await run('curl', [...CURL, ...args]);
  return (performance.now() - from) / 1_000;
}

async function rates(
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
  amount: number,
): Promise<[number, number]> {
  const mine: number[] = [];
  const others: number[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    mine.push(amount / (await ours()));
    others.push(amount / (await theirs()));
  }
  return [median(mine), median(others)];
}

function figure(what: string, [value, reference]: readonly [number, number], unit: string, bar: number | null): Figure {
  const ratio = value / reference;
  return { bench: 'channels', case: what, value, unit, reference, ratio, bar, ok: bar === null || ratio >= bar };
}

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileDate } from '../../engine/core/calendar.ts';
import { aDeclaration } from '../declaration/declaration.ts';
import { run } from './command.ts';
import { makeCredentials } from './credentials.ts';
import { bode, freePort, startEngine, writeFiles } from './engine.ts';
import { createSender } from './sender.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const step = (text: string): void => say(`\n── ${text}`);

/** The main job from end to end, on the embedded default, in a directory of its own. */
async function demo(dir: string, keep: boolean): Promise<void> {
  const port = await freePort();
  step(`A test PKI and a login key for the demo's sender, in ${dir}`);
  const credentials = await makeCredentials(dir);
  await writeFiles(dir, port, credentials);
  step('bode provision provision.yaml');
  say(await bode(dir, ['provision', join(dir, 'provision.yaml')]));
  step(`bode start   (SFTP on 127.0.0.1:${port}, embedded broker, SQLite)`);
  const engine = await startEngine(dir, port);
  try {
    await sendAndRead(dir, createSender({ dir, port, login: 'voorbeeld', credentials }), keep);
    if (keep) say(`\nThe engine keeps running as process ${engine.pid}; stop it with: kill ${engine.pid}`);
  } finally {
    if (keep) engine.leave();
    else await engine.stop();
  }
}

async function sendAndRead(dir: string, sender: ReturnType<typeof createSender>, keep: boolean): Promise<void> {
  const stem = `DMFA.123456.${fileDate(new Date())}.00001.R`;
  step(`openssl cms -sign, then sftp: put FI.${stem}.1.1, FS.${stem}.1.1, GO.${stem}.1`);
  const declaration = aDeclaration({ indent: true, forms: [{ companyId: '0206731645', persons: 3 }] });
  await sender.send(stem, declaration);
  const answers = await sender.fetch(['ACRF', 'NOTI'], 30_000);
  const ticket = /<ReferenceNbr>(.{13})<\/ReferenceNbr>/.exec(await content(answers, 'ACRF'))?.[1] ?? '';
  say(`ticket ${ticket}`);
  for (const [goal, path] of answers) {
    step(`${goal === 'ACRF' ? 'The receipt' : 'The notification'}: ${path.split('/').at(-1)}`);
    say(await readFile(path, 'utf8'));
    await verify(dir, path);
  }
  step(`bode submission ${ticket}`);
  say(await bode(dir, ['submission', ticket]));
  step('bode mailbox 0206731645');
  say(await bode(dir, ['mailbox', '0206731645']));
  if (keep) say(`Log in as the sender: ${sender.command}\nConfiguration: ${join(dir, 'bode.yaml')}`);
}

const content = async (answers: Map<string, string>, goal: string): Promise<string> =>
  readFile(answers.get(goal) ?? '', 'utf8');

async function verify(dir: string, path: string): Promise<void> {
  const signature = path.replace(/FO\.([^/]*)$/, 'FS.$1');
  await run('openssl', ['base64', '-d', '-in', signature, '-out', 'answer.der'], { cwd: dir });
  const engine = ['-CAfile', join(dir, 'data', 'pki', 'engine.pem')];
  const args = ['-inform', 'DER', '-in', 'answer.der', '-binary', '-content', path, '-out', '/dev/null'];
  await run('openssl', ['cms', '-verify', ...args, ...engine], { cwd: dir });
  say('openssl cms -verify: the signature of the engine is good');
}

const keep = process.argv.includes('--keep');
const dir = await mkdtemp(join(tmpdir(), 'bode-demo-'));
try {
  await demo(dir, keep);
  say('\nThe demo is done.');
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  if (!keep) await rm(dir, { recursive: true, force: true });
}

import { readFileSync } from 'node:fs';
import { createLogger } from '../../engine/core/logger.ts';
import { startSftpServer } from '../../test/support/sftp-server.ts';

/** Runs the SFTP channel in a process of its own, as in production, for the bench: `sftp-server.js DIR PUBLIC_KEY_FILE`. */
async function main(dir: string, keyFile: string): Promise<void> {
  const publicKey = readFileSync(keyFile, 'utf8');
  const log = createLogger({ level: 'info', fd: 2 });
  const server = await startSftpServer({ dir, log, senders: [{ number: '123456', login: 'bench', publicKey }] });
  process.stdout.write(`${server.port}\n`);
  process.once('SIGTERM', () => void server.stop().then(() => process.exit(0)));
}

const [, , dir, keyFile] = process.argv;
if (dir && keyFile) await main(dir, keyFile);

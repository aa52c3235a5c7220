#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { packageRoot } from '../config/package-root.ts';
import { EngineError, messageOf } from '../engine/core/errors.ts';
import { accessCommand } from './commands/access.ts';
import { alertsCommand } from './commands/alerts.ts';
import { auditCommand } from './commands/audit.ts';
import { bansCommand } from './commands/bans.ts';
import { certificatesCommand } from './commands/certificates.ts';
import { configCommand } from './commands/config.ts';
import { deadCommand } from './commands/dead.ts';
import { expiryCommand } from './commands/expiry.ts';
import { holdCommand } from './commands/hold.ts';
import { hostKeysCommand } from './commands/host-keys.ts';
import { jobsCommand } from './commands/jobs.ts';
import { listsCommand } from './commands/lists.ts';
import { mailCommand } from './commands/mail.ts';
import { mailboxCommand } from './commands/mailbox.ts';
import { mandatesCommand } from './commands/mandates.ts';
import { toleratePipeEnd } from './commands/output.ts';
import { provisionCommand } from './commands/provision.ts';
import { quarantineCommand } from './commands/quarantine.ts';
import { senderCommand, sendersCommand } from './commands/senders.ts';
import { signalsCommand } from './commands/signals.ts';
import { startCommand } from './commands/start.ts';
import { storeCommand } from './commands/store.ts';
import { submissionCommand } from './commands/submission.ts';
import { submissionsCommand } from './commands/submissions.ts';
import { webhooksCommand } from './commands/webhooks.ts';

const EXIT_HELP = `
Exit status: 0 good, 1 refused or failed, 2 wrong use.`;

function program(): Command {
  const bode = new Command('bode')
    .description('signed batch messages between employers, local authorities and public institutions')
    .enablePositionalOptions() // `certificates` has options that its subcommands have too
    .version(versionOf(), '--version', 'print the version')
    .addHelpText('after', EXIT_HELP);
  const commands = [
    startCommand(),
    configCommand(),
    provisionCommand(),
    submissionsCommand(),
    submissionCommand(),
    mailboxCommand(),
    mailCommand(),
    webhooksCommand(),
    expiryCommand(async (config, log) => (await import('../app/expiry.ts')).openExpiry(config, log)),
    holdCommand(),
    deadCommand(),
    quarantineCommand(),
    sendersCommand(),
    senderCommand(),
    certificatesCommand(async (trust, anchors) =>
      (await import('../app/revocation.ts')).openRevocation(trust, anchors),
    ),
    mandatesCommand(),
    accessCommand(),
    bansCommand(),
    hostKeysCommand(),
    storeCommand(),
    auditCommand(),
    alertsCommand(),
    listsCommand(async (config, log) => (await import('../app/lists.ts')).openLists(config, log)),
    signalsCommand(),
    jobsCommand(async (config, log) => (await import('../app/jobs.ts')).openJobs(config, log)),
  ];
  for (const command of commands) bode.addCommand(command);
  return strict(bode);
}

function versionOf(): string {
  return String(JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version);
}

/** Commander throws instead of exiting, and says each fault on one line, in every subcommand. */
function strict(command: Command): Command {
  command
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${text.trim().replaceAll('\n', ' ')}\n`) });
  for (const below of command.commands) strict(below);
  return command;
}

async function main(): Promise<void> {
  process.umask(0o077); // what the engine writes is about people: nobody else on the machine may read it
  toleratePipeEnd();
  try {
    await program().parseAsync();
  } catch (error) {
    process.exit(report(error)); // a connection that is still open must not keep a failed command waiting
  }
}

/** Says what went wrong, never with a stack, and answers the exit status. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const text = error instanceof EngineError ? messageOf(error) : messageOf(error).split('\n')[0];
  process.stderr.write(`${text || nameOf(error)}\n`);
  return error instanceof EngineError && error.code === 'usage_wrong' ? 2 : 1;
}

function nameOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.name : 'failed';
}

await main();

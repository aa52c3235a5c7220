import { type Command, Option } from 'commander';
import type { Role } from '../../app.ts';
import { withoutSecrets } from '../../config/effective.ts';
import { createLogger } from '../../engine/core/logger.ts';
import { type ConfigOption, configured, settings } from './settings.ts';
import { firstSignal, stopPatiently } from './shutdown.ts';

const ROLES: readonly Role[] = ['all', 'channels', 'worker', 'scheduler'];

/** `bode start`: runs the engine, or the part of it that a role names, until it is told to stop. */
export function startCommand(): Command {
  return configured('start')
    .description('run the engine in the foreground until SIGTERM or SIGINT; a second signal stops it at once')
    .addOption(
      new Option('--role <role>', 'which part runs; all but `all` need a RabbitMQ and a PostgreSQL that they share')
        .choices(ROLES)
        .default('all' satisfies Role),
    )
    .action(async (options: ConfigOption & { role: Role }) => {
      const config = await settings(options);
      const { role } = options;
      const log = createLogger({ level: config.log.level, fd: 1 }).child({ role });
      const over = new AbortController();
      const asked = firstSignal();
      const { createApp } = await import('../../app.ts'); // the other commands need not load the whole engine
      const app = await createApp(config, log, over.signal, role);
      const early = await Promise.race([app.start(), asked]);
      if (early !== undefined) {
        log.info({ signal: early }, 'stopped before it had started');
        process.exit(0); // nothing that was begun needs an end: starting may be killed at any point
      }
      log.info({ config: withoutSecrets(config) }, 'engine started');
      log.info({ signal: await asked }, 'stopping: no new work, finishing what is in hand');
      await stopPatiently(app, { patienceMs: config.shutdown.patience, over, log });
      process.exit(0); // what holds the process open after its patience must not keep it
    });
}

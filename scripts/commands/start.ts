import { type Command, Option } from 'commander';
import { withoutSecrets } from '../../config/effective.ts';
import { createLogger } from '../../engine/core/logger.ts';
import { type ConfigOption, configured, settings } from './settings.ts';
import { firstSignal, stopPatiently } from './shutdown.ts';

/** `bode start`: runs the engine until it is told to stop. */
export function startCommand(): Command {
  return configured('start')
    .description('run the engine in the foreground until SIGTERM or SIGINT; a second signal stops it at once')
    .addOption(new Option('--role <role>', 'which part runs').choices(['all']).default('all'))
    .action(async (options: ConfigOption) => {
      const config = await settings(options);
      const log = createLogger({ level: config.log.level, fd: 1 });
      const over = new AbortController();
      const asked = firstSignal();
      const { createApp } = await import('../../app.ts'); // the other commands need not load the whole engine
      const app = await createApp(config, log, over.signal);
      await app.start();
      log.info({ config: withoutSecrets(config) }, 'engine started');
      log.info({ signal: await asked }, 'stopping: no new work, finishing what is in hand');
      await stopPatiently(app, { patienceMs: config.shutdown.patience, over, log });
      process.exit(0); // what holds the process open after its patience must not keep it
    });
}

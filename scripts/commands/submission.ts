import type { Command } from 'commander';
import { EngineError } from '../../engine/core/errors.ts';
import { storyOf } from '../../engine/submissions/story.ts';
import { print, printJson } from './output.ts';
import { type ConfigOption, reading, settings, withStore } from './settings.ts';
import { maskInss, tell } from './story-text.ts';

interface Options extends ConfigOption {
  readonly json?: true;
  readonly showInss?: true;
}

/** `bode submission TICKET`: the whole story of a submission, in order. */
export function submissionCommand(): Command {
  return reading('submission')
    .description('tell the whole story of a submission; --json is complete, INSS numbers included')
    .argument('<ticket>', 'its ticket, 13 characters')
    .option('--show-inss', 'do not mask INSS numbers in the text')
    .action(async (ticket: string, options: Options) => {
      const story = await withStore(await settings(options), (db) => storyOf(db, ticket));
      if (!story) throw new EngineError('not_found', 'there is no submission with this ticket');
      if (options.json) return printJson(story);
      await print(options.showInss ? tell(story) : tell(story).map(maskInss));
    });
}

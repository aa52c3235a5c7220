import { z } from 'zod';
import { fault, keys } from '../engine/core/mistakes.ts';
import { givenPath, isWithin, type Surroundings } from './sources.ts';
import { count, duration, flag } from './values.ts';

const MODE = 'three octal digits in quotes that let the owner read, such as "640"';
const SENDER = 'a sender number: six digits in quotes';

/** Directories that another daemon fills. */
export const dropSchema = (around: Surroundings) =>
  keys({
    enabled: flag('Whether the directories are served', true),
    directories: z
      .record(z.string().regex(/^\d{6}$/, { error: SENDER }), givenPath(around))
      .prefault({})
      .superRefine(apart)
      .describe('The directory of each sender, with IN and OUT in it, which another daemon fills'),
    mode: z
      .string({ error: MODE })
      .regex(/^[4-7][0-7]{2}$/, { error: MODE })
      .prefault('640')
      .describe('Mode of the files that are written into OUT'),
    look: duration('How often every directory is looked at, whatever is heard of changes', '10s', {
      min: '100ms',
      max: '1h',
    }),
    poll: duration('How often new answers are looked for', '1s', { min: '100ms', max: '1h' }),
    places: count('Senders that one process serves at a time', 8, 1, 1_000),
  });

/** One directory in another would give one sender the files of the other. */
function apart(directories: Readonly<Record<string, string>>, context: z.RefinementCtx): void {
  const all = Object.entries(directories);
  for (const [sender, path] of all) {
    const other = all.find(([number, outer]) => number !== sender && isWithin(path, outer));
    if (other) fault(context, `lies in the directory of ${other[0]}`, 'a directory of its own', [sender]);
  }
}

interface Placed {
  readonly dataDir: string;
  readonly channels: { readonly drop: { readonly directories: Readonly<Record<string, string>> } };
}

/** Notes each drop folder that shares files with `dataDir`: senders would reach what the engine keeps. */
export function requireOutside({ dataDir, channels: { drop } }: Placed, context: z.RefinementCtx): void {
  for (const [sender, directory] of Object.entries(drop.directories)) {
    if (!isWithin(directory, dataDir) && !isWithin(dataDir, directory)) continue;
    fault(context, 'shares files with dataDir', 'a directory of its own', ['channels', 'drop', 'directories', sender]);
  }
}

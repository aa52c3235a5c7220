import { join } from 'node:path';
import { z } from 'zod';
import { EngineError } from '../../engine/core/errors.ts';
import { describeMistakes, keys, mistakesOf } from '../../engine/core/mistakes.ts';
import { readYaml } from '../../engine/core/yaml-file.ts';
import { LANGUAGES, type Language } from '../../engine/registry/organisations.ts';

const Line = z.string().regex(/^[^\p{Cc}]{1,500}$/u, { error: 'one line of 1 to 500 characters' });
const Counted = keys({ one: Line, many: Line });
const Told = keys({ subject: Counted, text: Counted });

const Texts = keys({
  mailbox: keys({ organisation: Line, person: Line }),
  summary: keys({ subject: Counted, text: Counted, unread: Counted }),
  registered: Told,
  expiring: Told,
  task: Told,
  confirm: keys({ subject: Line, text: Line }),
  certificate: keys({ subject: Line, text: Line }),
  days: Counted,
  closing: Line,
});

/** What mails say, in one language. */
export type Texts = z.infer<typeof Texts>;

/** A text for one of something, and for any other number. */
export type Counted = z.infer<typeof Counted>;

/** What mails say, by language. */
export type MailTexts = Readonly<Record<Language, Texts>>;

/** Reads nl.yaml, fr.yaml, de.yaml and en.yaml. Throws config_invalid with every mistake. */
export async function loadMailTexts(dir: string): Promise<MailTexts> {
  const entries = LANGUAGES.map(
    async (language) => [language, await loadTexts(join(dir, `${language}.yaml`))] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as MailTexts;
}

async function loadTexts(path: string): Promise<Texts> {
  const parsed = Texts.safeParse(await readYaml(path, 'config_invalid'));
  if (parsed.success) return parsed.data;
  throw new EngineError('config_invalid', describeMistakes(path, mistakesOf(parsed.error)));
}

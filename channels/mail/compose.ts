import { unreachable } from '../../engine/core/unreachable.ts';
import type { Mail, MailFacts } from '../../engine/outbound/mail-outlet.ts';
import type { Counted, MailTexts, Texts } from './texts.ts';

/** What somebody reads. */
export interface Composed {
  readonly subject: string;
  readonly text: string;
  /** The name beside the address; '' for none. */
  readonly recipient: string;
}

/** Nothing that they tell of lies in the mailbox. */
const WITHOUT_CLOSING: readonly Mail['kind'][] = ['confirm', 'certificate'];

/** A mail in its language: how many, by when and where; nothing of what messages say, no number of a person. */
export function compose(
  { kind, language, facts }: Pick<Mail, 'kind' | 'language' | 'facts'>,
  all: MailTexts,
): Composed {
  const texts = all[language];
  const values = valuesOf(facts, texts);
  const say = (text: Counted | string) => filled(typeof text === 'string' ? text : chosen(text, facts.count), values);
  const { subject, lines } = partsOf(kind, texts, facts);
  const text = [...lines.map(say), ...(WITHOUT_CLOSING.includes(kind) ? [] : [texts.closing])].join('\n\n');
  return { subject: say(subject), text: `${text}\n`, recipient: oneLine(facts.name ?? '') };
}

interface Parts {
  readonly subject: Counted | string;
  readonly lines: readonly (Counted | string)[];
}

function partsOf(kind: Mail['kind'], texts: Texts, { unread = 0 }: MailFacts): Parts {
  switch (kind) {
    case 'summary': {
      const left = unread > 0 ? [filled(chosen(texts.summary.unread, unread), { count: String(unread) })] : [];
      return { subject: texts.summary.subject, lines: [texts.summary.text, ...left] };
    }
    case 'registered':
    case 'expiring':
    case 'task':
    case 'confirm':
    case 'certificate':
      return { subject: texts[kind].subject, lines: [texts[kind].text] };
    default:
      return unreachable(kind);
  }
}

function valuesOf({ enterprise, name, count = 1, days = 0, token = '', reference = '' }: MailFacts, texts: Texts) {
  const number = enterprise?.replace(/^(\d{4})(\d{3})(\d{3})$/, '$1.$2.$3');
  const whose = name === undefined ? number : `${oneLine(name)} (${number})`;
  const mailbox = whose === undefined ? texts.mailbox.person : filled(texts.mailbox.organisation, { name: whose });
  return {
    mailbox,
    owner: whose ?? '',
    count: String(count),
    days: filled(chosen(texts.days, days), { count: String(days) }),
    token,
    reference,
  };
}

const chosen = ({ one, many }: Counted, count = 1) => (count === 1 ? one : many);

/** Once through the text: what is filled in is never looked at again. */
const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);

const LONGEST = 100;

/** Text from outside on one line, so that it can be no header and no second line. */
const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, LONGEST);

import type { Translated } from './message-types.ts';

const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
};

/** A text without case and accents, blanks made one: two texts that people would call the same become equal. */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[ßæœøđðłþı]/g, (letter) => LETTERS[letter] ?? letter)
    .replace(/[\p{Cc}\p{Zs}\s]+/gu, ' ')
    .trim();
}

const LANGUAGES = ['nl', 'fr', 'de', 'en'] as const;
export type SearchLanguage = (typeof LANGUAGES)[number];

// sections are told apart by characters that folding takes out of every text
const begin = (language: string) => `\u0001${language}\u0001`;
const end = (language: string) => `\u0002${language}\u0002`;

/** The text that a message is found by: what is said in each language, and what is the same in all, in a section each. */
export function searchText(translated: readonly Translated[], neutral: readonly string[]): string {
  const section = (language: string, texts: readonly string[]) => {
    const folded = texts.map(fold).filter((text) => text !== '');
    return folded.length === 0 ? '' : `${begin(language)}${folded.join(' \u0003 ')}${end(language)}`;
  };
  const spoken = LANGUAGES.map((language) =>
    section(
      language,
      translated.flatMap((text) => text[language] ?? []),
    ),
  );
  return [...spoken, section('*', neutral)].join('');
}

/** Patterns for LIKE (escape character `\`) of which one fits the search text of a message that has `query` in it, in this language or in none. */
export function searchPatterns(query: string, language: SearchLanguage): readonly string[] {
  const wanted = fold(query).replace(/[\\%_]/g, (sign) => `\\${sign}`);
  return [language, '*'].map((section) => `%${begin(section)}%${wanted}%${end(section)}%`);
}

/** Whether a text that people see has `query` in it. */
export function hasFolded(text: string | undefined, query: string): boolean {
  return text !== undefined && fold(text).includes(fold(query));
}

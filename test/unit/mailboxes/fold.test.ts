import { expect } from 'chai';
import { fold, hasFolded, searchPatterns, searchText } from '../../../engine/mailboxes/fold.ts';

/** What LIKE does, with its escape character. */
function like(text: string, pattern: string): boolean {
  const source = pattern.replace(/\\(.)|%|[.*+?^${}()|[\]]/gs, (sign, escaped?: string) => {
    if (escaped !== undefined) return escaped === '\\' ? '\\\\' : escaped;
    return sign === '%' ? '.*' : `\\${sign}`;
  });
  return new RegExp(`^${source}$`, 's').test(text);
}

describe('folding', () => {
  it('takes case, accents and ligatures away', () => {
    expect(fold('  Café  DÉJÀ\u00a0vu ')).to.equal('cafe deja vu');
    expect(fold('Straße Œuvre Łódź ÍÑİ ﬁn')).to.equal('strasse oeuvre lodz ini fin');
    expect(fold('cafe\u0301')).to.equal(fold('CAFÉ'));
  });

  it('leaves no character in a text that tells sections apart', () => {
    expect(fold('a\u0001nl\u0001b\u0002')).to.equal('a nl b');
  });

  it('finds what is said in a language, or in none, and in no other', () => {
    const text = searchText([{ nl: 'Café Noord', fr: 'Bistrot du Nord' }, { nl: '50% korting_x' }], ['An Peeters']);
    const found = (query: string, language: 'nl' | 'fr' | 'de') =>
      searchPatterns(query, language).some((pattern) => like(text, pattern));
    expect(found('CAFE', 'nl')).to.equal(true);
    expect(found('afé no', 'nl')).to.equal(true);
    expect(found('café', 'fr')).to.equal(false);
    expect(found('bistrot', 'nl')).to.equal(false);
    expect(found('peeters', 'de')).to.equal(true);
    expect(found('50% k', 'nl')).to.equal(true);
    expect(found('50x', 'nl')).to.equal(false);
    expect(found('5%k', 'nl')).to.equal(false);
    expect(found('g_x', 'nl')).to.equal(true);
    expect(found('gax', 'nl')).to.equal(false);
  });

  it('finds names of what people see', () => {
    expect(hasFolded('Sécurité sociale', 'SECURITE')).to.equal(true);
    expect(hasFolded(undefined, 'x')).to.equal(false);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';
import { ERRORS } from '../../engine/core/errors.ts';
import { ERROR_IDS } from '../../engine/pipelines/goals/error-ids.ts';
import { RECEIPT_CODES } from '../../engine/submissions/receipt-codes.ts';

const document = readFileSync(join(packageRoot(), 'ERRORS.md'), 'utf8');

/** The rows of a table whose first cell looks like `pattern`: first cell to last. */
function rows(pattern: RegExp): Record<string, string> {
  const cells = document.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const wanted = cells.filter(([, first = '']) => pattern.test(first));
  return Object.fromEntries(wanted.map(([, first = '', ...rest]) => [first.replaceAll('`', ''), rest.at(-2) ?? '']));
}

describe('ERRORS.md', () => {
  it('lists the receipt codes of the code, with the same words', () => {
    expect(rows(/^\d{3}$/)).to.deep.equal({ ...RECEIPT_CODES });
  });

  it('lists the anomalies of the code, with the same words', () => {
    expect(rows(/^\d{5}-\d{3}$/)).to.deep.equal({ ...ERROR_IDS });
  });

  it('lists the errors of the engine, no more and no fewer', () => {
    expect(Object.keys(rows(/^`[a-z]+_[a-z]+`$/)).sort()).to.deep.equal(Object.keys(ERRORS).sort());
  });
});

import { expect } from 'chai';
import { createPdf } from '../../../../engine/lists/render/pdf.ts';
import { aHead, aLine, aPayment, rendered, shippedList } from '../../../support/lists.ts';

describe('PDF', () => {
  it('is the same, byte for byte, beside and after others that share its fonts', async () => {
    const list = await shippedList('statement-leefloon');
    const names = ['Élodie Vandenbroucke', 'Łukasz Żółć', 'Ελένη', 'Straßer'];
    const printed = (pdf: ReturnType<typeof createPdf>, Name: string) =>
      rendered(pdf, aHead(list), [aLine(list, aPayment({ Name }))]);
    const alone = await Promise.all(names.map((name) => printed(createPdf(), name)));
    const shared = createPdf();
    const beside = await Promise.all(names.map((name) => printed(shared, name)));
    const after = [];
    for (const name of names) after.push(await printed(shared, name));
    for (const [index, name] of names.entries()) {
      expect(beside[index]?.equals(alone[index] as Buffer), name).to.equal(true);
      expect(after[index]?.equals(alone[index] as Buffer), name).to.equal(true);
    }
  });
});

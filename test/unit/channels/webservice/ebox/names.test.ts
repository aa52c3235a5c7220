import { expect } from 'chai';
import { dispositionOf } from '../../../../../channels/webservice/ebox/content.ts';
import { zipNames } from '../../../../../channels/webservice/ebox/zip-names.ts';

describe('names of attachments', () => {
  const inZip = (...names: string[]) =>
    zipNames(names.map((fileName) => ({ day: '2026-06-01', id: 'm-1', fileName }))).map((name) => name.slice(15));

  it('are unique in a ZIP, whatever their case', () => {
    expect(inZip('a.pdf', 'A.PDF', 'a.pdf', 'b', 'b')).to.deep.equal(['a.pdf', 'A (2).PDF', 'a (3).pdf', 'b', 'b (2)']);
  });

  it('lead nowhere, and can be written on any system', () => {
    expect(inZip('../../etc/passwd', 'C:\\x\r\n', '..', 'con.txt', 'a\u202egpj.exe', '. ', 'x\ud800')).to.deep.equal([
      ...['__.._etc_passwd', 'C__x__', '_', '_con.txt', 'a_gpj.exe', '_ (2)', 'x_'],
    ]);
  });

  it('are cut where they are too long, not within a character, and keep their extension', () => {
    const [name = ''] = inZip(`${'é'.repeat(250)}.pdf`);
    expect(Buffer.byteLength(name)).to.be.at.most(200);
    expect(name).to.match(/^é+\.pdf$/);
  });

  it('cannot end the header that they are told in', () => {
    expect(dispositionOf('a.pdf')).to.equal('attachment; filename="a.pdf"');
    expect(dispositionOf('a"\r\nX: y.pdf')).to.equal(
      `attachment; filename="a___X: y.pdf"; filename*=UTF-8''a%22%0D%0AX%3A%20y.pdf`,
    );
    expect(dispositionOf("café (1)'.pdf")).to.equal(
      `attachment; filename="caf_ (1)'.pdf"; filename*=UTF-8''caf%C3%A9%20%281%29%27.pdf`,
    );
  });
});

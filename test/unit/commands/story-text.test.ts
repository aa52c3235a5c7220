import { expect } from 'chai';
import { storyOf } from '../../../engine/submissions/story.ts';
import { maskInss, tell } from '../../../scripts/commands/story-text.ts';
import { openTestStore } from '../../support/database.ts';
import { storeStory, TICKET } from '../../support/stories.ts';

describe('the story as text', () => {
  let lines: string[];
  before(async () => {
    const { db, close } = await openTestStore();
    await storeStory(db);
    const story = await storyOf(db, TICKET);
    lines = story ? tell(story) : [];
    await close();
  });

  it('goes from the files to the answers and events', () => {
    const titles = lines.filter((line) => !line.startsWith(' '));
    expect(titles).to.deep.equal([
      'submission 03804UDVFMW3Z',
      'files',
      'signature: invalid',
      'receipt: refused (0)',
      'forms',
      'answers',
      'events',
    ]);
  });

  it('tells the signature check by check', () => {
    const text = lines.join('\n');
    for (const check of ['integrity', 'attributes', 'algorithms', 'chain', 'validity']) {
      expect(text).to.include(`    ${check}: passed`);
    }
    expect(text).to.include('    sender binding: failed: the certificate is not registered for sender 123456');
    expect(text).to.include('signer: CN=somebody, serial 01, issued by CN=CA');
  });

  it('tells every finding and anomaly with its place', () => {
    const text = lines.join('\n');
    expect(text).to.include(
      '  ACRF-153 [FS.DMFA.123456.20260601.00001.R.1.1 line 3 column 4] the certificate is not registered',
    );
    expect(text).to.include('form 1 (part 1, DMFA, quarter 20262, NSSO 212345609, enterprise 0206731645): refused');
    expect(text).to.include('00024-001 B INSS "85073003329" check digits [Form[1]/INSS line 9 column 2]');
  });

  it('can be shown without INSS numbers, wrong ones included', () => {
    const masked = lines.map(maskInss).join('\n');
    expect(masked).not.to.match(/8507300332[89]/);
    expect(masked).to.include('INSS "*********29"').and.to.include('*********28');
    expect(masked).to.include('0206731645').and.to.include('212345609');
  });

  it('keeps eleven digits that are no INSS number', () => {
    expect(maskInss('NetOwedAmount "00000012345"')).to.equal('NetOwedAmount "00000012345"');
    expect(maskInss('sum 85073003328')).to.equal('sum *********28');
    expect(maskInss('185073003328')).to.equal('185073003328');
  });
});

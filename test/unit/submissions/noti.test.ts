import { expect } from 'chai';
import { XMLParser } from 'fast-xml-parser';
import type { InspectedForm } from '../../../engine/pipelines/xml/inspection.ts';
import type { FormHeader } from '../../../engine/submissions/forms.ts';
import { buildNoti, type NotiForm, notiChunks } from '../../../engine/submissions/noti.ts';
import { aForm, aNoti, anAnomaly, FACTS } from '../../support/notifications.ts';

function formsOf(document: Buffer) {
  const isArray = (name: string) => ['Form', 'AnomalyReport', 'Diagnosis'].includes(name);
  const parser = new XMLParser({ parseTagValue: false, isArray, trimValues: false });
  return parser.parse(document.toString('utf8').replace(/\n\s*/g, '')).NOTIFICATION.Form;
}

describe('a notification', () => {
  it('repeats the form it answers and says that it was handled', () => {
    const [form] = formsOf(buildNoti(aNoti([aForm()])));
    expect(form).to.deep.equal({
      Identification: 'NOTI001',
      FormCreationDate: '2026-03-01',
      FormCreationHour: '22:04:05.067',
      AttestationStatus: '0',
      TypeForm: 'FA',
      FileReference: {
        FileName: 'GO.DMFA.123456.20260301.00001.R.1',
        ReferenceOrigin: '2',
        ReferenceNbr: '03804UDVFMW3Z',
      },
      HandledOriginalForm: {
        Identification: 'DMFA',
        FormCreationDate: '2022-08-11',
        FormCreationHour: '08:45:00.000',
        AttestationStatus: '0',
        TypeForm: 'SU',
      },
      Reference: { ReferenceType: '1', ReferenceOrigin: '1', ReferenceNbr: 'DMFA TEST' },
      EmployerId: { NOSSRegistrationNbr: '199999934', CompanyID: '0206731645' },
      ConcernedQuarter: { Quarter: '20223' },
      HandledReference: { ReferenceType: '1', ReferenceOrigin: '2', ReferenceNbr: '03804UDVFMW3Z' },
      HandlingResult: { ResultCode: '1' },
    });
  });

  it('gives each anomaly its code, field, value, class and both places', () => {
    const [form] = formsOf(buildNoti(aNoti([aForm({ anomalies: [anAnomaly()], outcome: 'refused' })])));
    expect(form.HandlingResult.AnomalyReport).to.deep.equal([
      {
        ErrorID: '00024-001',
        TagName: 'INSS',
        Value: '77101500172',
        AnomalyClass: 'B',
        AnomalyLabel: 'the same person twice',
        AnomalyLocation: {
          LineNbr: '42',
          ColumnNbr: '11',
          Location: '/DmfAOriginal/Form[1]/EmployerDeclaration/NaturalPerson[2]/INSS',
        },
        Path: {
          Quarter: '20223',
          NOSSRegistrationNbr: '199999934',
          CompanyID: '0206731645',
          NaturalPersonSequenceNbr: '0000002',
          INSS: '77101500172',
        },
      },
    ]);
  });

  it('has one form for each form handled, with its own result', () => {
    const accepted = aForm();
    const refused = aForm({ anomalies: [anAnomaly()], outcome: 'refused' });
    const warned = aForm({ anomalies: [anAnomaly({ class: 'W' })] });
    const cut = aForm({ anomalies: [anAnomaly(), anAnomaly({ class: 'NP' })], anomaliesTotal: 9, outcome: 'refused' });
    const results = formsOf(buildNoti(aNoti([accepted, refused, warned, cut]))).map(
      (form: { HandlingResult: { ResultCode: string; Diagnosis?: string[] } }) => [
        form.HandlingResult.ResultCode,
        form.HandlingResult.Diagnosis ?? [],
      ],
    );
    expect(results).to.deep.equal([
      ['1', []],
      ['0', ['3']],
      ['1', ['7']],
      ['0', ['3', '4', '7']],
    ]);
  });

  it('takes a form as the inspection gives it', () => {
    const inspected = (form: InspectedForm): NotiForm => ({
      facts: form,
      anomalies: form.anomalies,
      anomaliesTotal: form.anomaliesTotal,
      outcome: form.blocking ? 'refused' : 'accepted',
    });
    const form = { ...FACTS, index: 1, start: 0, end: 1, line: 1, anomalies: [], anomaliesTotal: 0, blocking: false };
    expect(formsOf(buildNoti(aNoti([inspected(form)])))).to.have.length(1);
  });

  it('leaves out what the form does not tell', () => {
    const { identification, creationDate, creationHour, attestationStatus, typeForm } = FACTS;
    const facts = { identification, creationDate, creationHour, attestationStatus, typeForm };
    const { inss, naturalPersonSequenceNbr, ...anomaly } = anAnomaly();
    const [form] = formsOf(buildNoti(aNoti([aForm({ facts, anomalies: [anomaly] })])));
    expect(form).to.not.have.any.keys('Reference', 'EmployerId', 'ConcernedQuarter');
    expect(form.HandlingResult.AnomalyReport[0]).to.not.have.property('Path');
  });

  it('knows employers by a provisional and by a local-authority number', () => {
    const { nssoNumber, companyId, ...rest } = FACTS;
    const employerOf = (facts: FormHeader) => formsOf(buildNoti(aNoti([aForm({ facts })])))[0].EmployerId;
    expect(employerOf({ ...rest, nssoNumber: '5134794036' })).to.deep.equal({
      ProvisionalNSSONbr: '5134794036',
      CompanyID: '0',
    });
    expect(employerOf({ ...rest, localAuthorityNumber: '43220065' })).to.deep.equal({
      NOSSLPARegistrationNbr: '43220065',
      CompanyID: '0',
    });
  });

  it('leaves out or shortens what its schema has no room for', () => {
    const facts = { ...FACTS, creationDate: '2022-02-30', creationHour: '8h45', quarter: '19991', companyId: '12' };
    const anomaly = anAnomaly({ inss: '771015001721', line: 0, column: 1.5, location: `${'x'.repeat(300)}/INSS` });
    const [form] = formsOf(buildNoti(aNoti([aForm({ facts, anomalies: [anomaly] })], { fileName: 'f'.repeat(255) })));
    const [report] = form.HandlingResult.AnomalyReport;
    expect(form.FileReference.FileName).to.equal(`${'f'.repeat(63)}…`);
    expect(form.HandledOriginalForm).to.not.have.any.keys('FormCreationDate', 'FormCreationHour');
    expect(form).to.not.have.property('ConcernedQuarter');
    expect(form.EmployerId).to.deep.equal({ NOSSRegistrationNbr: '199999934', CompanyID: '0' });
    expect(report.Path).to.not.have.any.keys('INSS', 'Quarter', 'CompanyID');
    expect(report.AnomalyLocation).to.have.all.keys('Location');
    expect(report.AnomalyLocation.Location)
      .to.match(/^…x+\/INSS$/)
      .and.have.length(200);
  });

  it('refuses to answer nothing', () => {
    expect(() => buildNoti(aNoti([]))).to.throw('at least one form');
  });

  it('comes in pieces that are the same document', () => {
    const anomalies = Array.from({ length: 2_000 }, (_, line) => anAnomaly({ line: line + 1 }));
    const request = aNoti([aForm({ anomalies, outcome: 'refused' }), aForm()]);
    const chunks = [...notiChunks(request)];
    expect(chunks.length).to.be.at.least(10);
    expect(Math.max(...chunks.map(({ length }) => length))).to.be.at.most(256 * 1024);
    expect(Buffer.concat(chunks).equals(buildNoti(request))).to.equal(true);
  });

  it('takes time in proportion to its anomalies', () => {
    const built = (count: number) => {
      const request = aNoti([
        aForm({ anomalies: Array.from({ length: count }, () => anAnomaly()), outcome: 'refused' }),
      ]);
      const started = process.hrtime.bigint();
      let bytes = 0;
      for (const chunk of notiChunks(request)) bytes += chunk.length;
      return { bytes, ms: Number(process.hrtime.bigint() - started) / 1e6 };
    };
    built(2_000);
    const [small, large] = [built(4_000), built(40_000)];
    expect(large.bytes / small.bytes).to.be.closeTo(10, 0.1);
    expect(large.ms).to.be.below(small.ms * 40 + 500);
  }).timeout(60_000);
});

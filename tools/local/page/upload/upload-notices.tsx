import { OPTION_FIELDS } from './options-form.tsx';
import { describeResumption, findFileProblem } from './readiness.ts';
import type { ResumeNote } from './resume-note.ts';
import type { Failure, Upload } from './upload.ts';

interface UploadNoticesProps {
  readonly upload: Upload;
  readonly note: ResumeNote | null;
}

/** Notes before the start, or why the upload has ended. */
export function UploadNotices({ upload, note }: UploadNoticesProps) {
  const isReady = upload.phase === 'ready';
  const problem = isReady ? findFileProblem(upload) : '';
  const resumption = isReady && problem === '' ? describeResumption(upload, note) : '';
  return (
    <>
      {problem !== '' && (
        <p id="file-problem" class="field-error" role="alert">
          {problem}
        </p>
      )}
      {resumption !== '' && <p class="notice">{resumption}</p>}
      {upload.failure !== null && <FailureNotice {...upload.failure} />}
      {upload.isGivenUp && (
        <p id="cancelled-text" class="notice">
          This upload is cancelled for good: should its file still arrive, it is deleted. “Upload
          again” begins a new one.
        </p>
      )}
    </>
  );
}

function FailureNotice({ title, code, message, advice, fields }: Failure) {
  const homeless = fields.filter(({ path }) => !OPTION_FIELDS.includes(path));
  return (
    <div id="failure" class="notice notice-bad" role="alert">
      <p class="notice-title">
        {title} <code id="failure-code">{code}</code>
      </p>
      <p>{message}</p>
      {homeless.length > 0 && (
        <ul>
          {homeless.map((field) => (
            <li key={field.path}>{`${field.path} ${field.message}`}</li>
          ))}
        </ul>
      )}
      <p>{advice}</p>
    </div>
  );
}

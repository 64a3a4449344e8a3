import { FileName } from '../components/file-name.tsx';
import { StateChip } from '../components/state-chip.tsx';
import type { StackInfo } from '../stack/stack-controls.ts';
import type { UploadModel } from '../upload/upload-model.ts';
import { describeStatus } from '../upload/upload-status.ts';
import { FaultCard } from './fault-card.tsx';
import type { LabModel } from './lab-model.ts';
import { LibraryCard } from './library-card.tsx';
import { SignatureCard } from './signature-card.tsx';
import { SpeedCard } from './speed-card.tsx';
import { SweepCard } from './sweep-card.tsx';

interface LabViewProps {
  readonly lab: LabModel;
  readonly model: UploadModel;
  readonly info: StackInfo | null;
}

/** The controls for speed, faults and the sweep, and the details of signatures. */
export function LabView({ lab, model, info }: LabViewProps) {
  return (
    <div id="lab-view" class="column">
      <UploadStrip model={model} />
      <SpeedCard lab={lab} />
      <SweepCard lab={lab} />
      <FaultCard lab={lab} />
      <SignatureCard signatures={model.upload.value.signatures} />
      {info !== null && <LibraryCard info={info} />}
    </div>
  );
}

/** The state of the upload, since faults that are switched on here take effect there. */
function UploadStrip({ model }: { readonly model: UploadModel }) {
  const upload = model.upload.value;
  if (upload.file === null) return null;
  const { text, tone } = describeStatus(upload, model.kept.value);
  return (
    <p class="card strip">
      <a class="strip-name" href="#upload">
        <FileName name={upload.file.name} />
      </a>
      <StateChip text={text} tone={tone} />
    </p>
  );
}

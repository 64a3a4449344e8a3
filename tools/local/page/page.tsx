import { render } from 'preact';
import { App } from './frame/app.tsx';
import { createPageModel } from './frame/page-model.ts';

render(<App page={createPageModel()} />, document.body);

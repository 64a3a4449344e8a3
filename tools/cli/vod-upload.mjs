#!/usr/bin/env node
// The command is TypeScript and needs no build: tsx reads it as it is.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');

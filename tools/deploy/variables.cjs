// serverless.yml names this file in "useDotenv", which Serverless reads before any other variable: what it reads itself
// it would expand, so it is given everything here, and told to read no file.
const endWith = require('./end-with.cjs');

module.exports = async ({ resolveConfigurationProperty }) => {
  const stage = await resolveConfigurationProperty(['provider', 'stage']);
  const { tsImport } = await import('tsx/esm/api');
  const { loadVariables } = await tsImport('./load-variables.ts', __filename);
  try {
    await loadVariables(process, stage);
    return false;
  } catch (error) {
    if (error.name !== 'DeployError') throw error;
    return endWith(error.message);
  }
};

// serverless.yml names this file in "useDotenv", which Serverless resolves before any other variable. Serverless
// expands the values of files that it reads itself, so this file sets all variables and makes it read no file.
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

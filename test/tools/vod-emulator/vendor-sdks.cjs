// Uses the vendor's SDKs as their manuals do, without an option for another address. It is a separate process, since
// where its connections lead, and which authority it trusts, is set from outside.
'use strict';
const { promisify } = require('node:util');
const { vod } = require('tencentcloud-sdk-nodejs-vod');
const { VodUploadClient, VodUploadRequest } = require('vod-node-sdk');

async function main({ secretId, secretKey, file }) {
  const uploader = new VodUploadClient(secretId, secretKey);
  const request = Object.assign(new VodUploadRequest(), { MediaFilePath: file });
  const uploaded = await promisify(uploader.upload.bind(uploader))('ap-singapore', request);
  const client = new vod.v20180717.Client({
    credential: { secretId, secretKey },
    region: 'ap-singapore',
  });
  const { MediaInfoSet } = await client.DescribeMediaInfos({ FileIds: [uploaded.FileId] });
  return { uploaded, described: MediaInfoSet };
}

main(JSON.parse(process.argv[2])).then(
  (result) => process.stdout.write(JSON.stringify(result)),
  (error) => {
    process.stderr.write(String(error.stack ?? error));
    process.exitCode = 1;
  },
);

/** What `vod-upload put --help` prints. */
export const PUT_HELP = `vod-upload put uploads files to VOD: whole, or not at all.

If it is interrupted, the same command goes on: at most the parts that were on their way are sent again. A file that was
uploaded is not uploaded again.

Usage: vod-upload put <file or folder>… [options]
       vod-upload put - --name <name> [options]      uploads standard input

Options:
  --endpoint <url>       the functions of this backend: limits, policy, quotas and messages as for any client
  --uploads-endpoint <url>
                         the function "uploads", if it has an address of its own
  --direct               straight to VOD with the key of an account; needed for playlists
  --env-file <file>      with --direct: reads variables from this file instead of .env
  --cloud-url <url>      an emulator that answers for VOD's hosts, such as http://localhost:3000/__vod

Options of the media:
  --name <name>          its name; that of the file by default
  --type <type>          its type; the end of the file's name by default
  --cover <file>         its cover
  --class-id, --procedure, --source-context, --session-context, --storage-region, --expire-time
                         as in POST /signature (mediaExpireTime) and ApplyUpload
  --task-priority, --task-notify-mode
                         without --direct
  --ext-info, --media-storage-path
                         with --direct

Options of files:
  -r, --recursive        looks into the folders of folders, too
  --include <pattern>, --exclude <pattern>
                         files of folders, such as '*.mov', 'raw/**' or '*.{mp4,mov}'; may be repeated
  --size <bytes>         of standard input, where it is known
  --dry-run              lists what would be uploaded, and what is missing

Options of the run:
  --max-rate <bytes>     in a second, such as 5MB
  --part-size <bytes>    from 1MiB to 5GiB; by default chosen by the size of the file
  --patience <seconds>   for which a request is repeated that fails, 600 by default
  --state <folder>       of what is needed to go on, .vod-upload by default
  --again                uploads again what was uploaded before
  --skip-existing        uploads no file of which you have a media already, by its size and CRC-64
  --abort                removes what interrupted uploads have sent
  --wait                 waits until the media are ready, and says what became of them
  --json                 writes one JSON object a line

Variables:
  VOD_UPLOAD_ENDPOINT    as --endpoint
  VOD_UPLOAD_TOKEN       API key or token of a caller with the scope upload:sign, and upload:read for --wait
  VOD_SECRET_ID, VOD_SECRET_KEY, VOD_SUB_APP_ID
                         with --direct: the key of the account (deploy/cam/upload-key.json says what it may do)
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                         proxies, as usual

Signals: Ctrl+C pauses and says how to go on, twice ends at once; Ctrl+Z and "fg" work; SIGUSR2 holds, and lets go on.

Exit codes: 0 all is uploaded, 1 something is not, 2 wrong use.

Examples:
  vod-upload put film.mp4 --endpoint https://api.example.com --wait
  vod-upload put --direct -r library --exclude 'drafts/**' --class-id 7
  vod-upload put --direct live/master.m3u8
  ffmpeg -i in.mkv -f mpegts - | vod-upload put - --name out.ts --endpoint https://api.example.com
`;

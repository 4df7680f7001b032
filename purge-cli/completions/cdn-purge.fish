# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_cdn_purge_global_optspecs
    string join \n h/help V/version
end

function __fish_cdn_purge_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_cdn_purge_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_cdn_purge_using_subcommand
    set -l cmd (__fish_cdn_purge_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -s V -l version -d 'Print version'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "create" -d 'Purge paths'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "plan" -d 'Show what `create` would send, without sending it'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "diff" -d 'Show which files differ between two builds of a site'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "resume" -d 'Resume an interrupted run'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "list" -d 'List purge requests'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "wait" -d 'Wait until operations have finished'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "verify" -d 'Ask the edges whether they have the new files'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "enqueue" -d 'Store paths in a queue, for a worker to purge'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "status" -d 'Show the outcome of an enqueued request'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "worker" -d 'Purge enqueued paths, or stand by while another worker does'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "queue" -d 'Set up, check and operate a queue'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "sandbox" -d 'Run the embedded server'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "config" -d 'Show the effective settings and where each comes from'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "doctor" -d 'Check the settings, the connection and the account, and compare the service with its descriptions'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "man" -d 'Print a manual page'
complete -c cdn-purge -n "__fish_cdn_purge_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l from -d 'Read paths from a file, one per line; `-` is standard input' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l urls -d 'All paths are URLs of this host, such as `www.example.com`: purge their paths' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l strip-prefix -d 'All paths begin with this folder, which is not part of the site: remove it' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l prefix -d 'Folder of the site below the root of the resource, prepended to every path' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l inventory -d 'Read all paths of the site from a file, as with `--from`, and purge a directory by one wildcard where that purges only requested paths' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l max-requests -d 'Purge directories by a wildcard until everything fits into N requests; with `--inventory`, choose those that purge the fewest other paths' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l max-extra -d 'Maximum number of other paths of the inventory that may be purged as well [default: 0; with `--max-requests`, as many as it takes]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l site -d 'Purge what differs between the baseline and this folder or tar archive, then replace the baseline' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l baseline -d 'Manifest of the site that was purged last, in the format of `sha256sum`' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l index -d 'A file with this name is served for its folder: purge `/d/index.html` as `/d/` and `/d`, too' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l template -d 'Each file has variants, such as `/en{path}`: purge them, too' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l always -d 'Add the paths in a file, one per line, to every purge that is not empty, such as feeds. They are paths even if all others are file names or URLs' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l profile -d 'Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take several, such as `a,b` [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -s o -l organization -d 'Organization [env: PURGE_ORGANIZATION]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -s r -l resource -d 'CDN resource [env: PURGE_RESOURCE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l api-key-file -d 'File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"` [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l token-file -d 'File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l token-command -d 'Command that prints the bearer token; run again if the service refuses the token' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l base-url -d 'Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com] [env: PURGE_BASE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l timeout -d 'Maximum time for one request [default: 30s]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l rate -d 'Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l wait -d 'Wait until all operations have finished, for at most this long [without a value: 5m]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l concurrency -d 'Maximum number of concurrent requests [default: 4]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l max-attempts -d 'Maximum number of attempts per request [default: 4]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l journal -d 'Record in a new file what is sent and accepted, so that an interrupted run can be resumed with `cdn-purge resume FILE`. With several profiles, it is a new folder with a file for each' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l verify -d 'After the purge, ask the edges until they have the new files, for at most this long [without a value: 2m]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l origin-ready -d 'Before anything is sent, wait until the origin has the files of `--site` and none that was removed, for at most this long [without a value: 2m]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l resolve -d 'Ask the edge of this host and port at each of these addresses, as `curl --resolve` does' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l summary -d 'Append the result as Markdown to a file, such as the job summary of a CI system' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l audit -d 'Append one line of JSON to a file for this run: who, where and why, the counts and the operations. Several runs may share the file' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l reason -d 'Reason for the purge, recorded by --audit' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l edge -d 'An edge to ask, such as https://www.example.com; the option may be given several times' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l origin -d 'URL of the origin, to compare with what it serves. This also shows whether the origin\'s clock or a cache in front of it explains an `Age`' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l verify-bytes -d 'Maximum size of a body that is compared, such as 10MiB [default: 64MiB]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l verify-rate -d 'Maximum rate of requests to each host [default: 100/s]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l verify-concurrency -d 'Maximum number of concurrent requests to each host [default: 8]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l seed -d 'Verify the same sample of a wildcard\'s paths as the run that printed this seed' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -s 0 -l null -d 'Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and `git -z`'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l raw -d 'All paths are file names, relative to the root of the site: percent-encode them'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l query -d 'Allow query strings in paths; whether the service matches query strings is not published'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l allow-full-purge -d 'Allow a path that purges the whole resource, such as `/*`'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l first-run -d 'If there is no baseline, write it and purge nothing'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l quick -d 'Read only files whose size or modification time differs from the last run with `--quick`; misses a change that keeps both'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l clean-urls -d 'Files are served without `.html`: purge `/a.html` as `/a`, too'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l spellings -d 'Purge the other percent-encodings that programs write, too: `/[a]` as `/%5Ba%5D` and `/%5ba%5d`'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l with-query -d 'Purge every path with all its query strings, too: `/a` as `/a?*`; whether the service matches query strings is not published'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l sandbox -d 'Run against an embedded server, started for this command; the options above and their environment variables are ignored'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l dry-run -d 'Send nothing; the same as `cdn-purge plan`'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -l again -d 'Purge paths that are still stale once more, and verify them again'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -s q -l quiet -d 'Show only errors on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -s v -l verbose -d 'Describe each request on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l from -d 'Read paths from a file, one per line; `-` is standard input' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l urls -d 'All paths are URLs of this host, such as `www.example.com`: purge their paths' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l strip-prefix -d 'All paths begin with this folder, which is not part of the site: remove it' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l prefix -d 'Folder of the site below the root of the resource, prepended to every path' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l inventory -d 'Read all paths of the site from a file, as with `--from`, and purge a directory by one wildcard where that purges only requested paths' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l max-requests -d 'Purge directories by a wildcard until everything fits into N requests; with `--inventory`, choose those that purge the fewest other paths' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l max-extra -d 'Maximum number of other paths of the inventory that may be purged as well [default: 0; with `--max-requests`, as many as it takes]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l site -d 'Purge what differs between the baseline and this folder or tar archive, then replace the baseline' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l baseline -d 'Manifest of the site that was purged last, in the format of `sha256sum`' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l index -d 'A file with this name is served for its folder: purge `/d/index.html` as `/d/` and `/d`, too' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l template -d 'Each file has variants, such as `/en{path}`: purge them, too' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l always -d 'Add the paths in a file, one per line, to every purge that is not empty, such as feeds. They are paths even if all others are file names or URLs' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l profile -d 'Profile of `purge.toml`, for its prefix and its rate [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l rate -d 'Show how long sending takes at this rate, such as 5/s or 30/m' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l summary -d 'Append the result as Markdown to a file, such as the job summary of a CI system' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -s 0 -l null -d 'Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and `git -z`'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l raw -d 'All paths are file names, relative to the root of the site: percent-encode them'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l query -d 'Allow query strings in paths; whether the service matches query strings is not published'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l allow-full-purge -d 'Allow a path that purges the whole resource, such as `/*`'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l first-run -d 'If there is no baseline, write it and purge nothing'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l quick -d 'Read only files whose size or modification time differs from the last run with `--quick`; misses a change that keeps both'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l clean-urls -d 'Files are served without `.html`: purge `/a.html` as `/a`, too'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l spellings -d 'Purge the other percent-encodings that programs write, too: `/[a]` as `/%5Ba%5D` and `/%5ba%5d`'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -l with-query -d 'Purge every path with all its query strings, too: `/a` as `/a?*`; whether the service matches query strings is not published'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -s q -l quiet -d 'Show only errors on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -s v -l verbose -d 'Describe each request on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand diff" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand diff" -s 0 -l null -d 'End each name with a NUL byte and not with a line break'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand diff" -s q -l quiet -d 'Show only errors on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand diff" -s v -l verbose -d 'Describe each request on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l profile -d 'Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take several, such as `a,b` [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -s o -l organization -d 'Organization [env: PURGE_ORGANIZATION]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -s r -l resource -d 'CDN resource [env: PURGE_RESOURCE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l api-key-file -d 'File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"` [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l token-file -d 'File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l token-command -d 'Command that prints the bearer token; run again if the service refuses the token' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l base-url -d 'Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com] [env: PURGE_BASE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l timeout -d 'Maximum time for one request [default: 30s]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l rate -d 'Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l wait -d 'Wait until all operations have finished, for at most this long [without a value: 5m]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l concurrency -d 'Maximum number of concurrent requests [default: 4]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l max-attempts -d 'Maximum number of attempts per request [default: 4]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l summary -d 'Append the result as Markdown to a file, such as the job summary of a CI system' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l audit -d 'Append one line of JSON to a file for this run: who, where and why, the counts and the operations. Several runs may share the file' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l reason -d 'Reason for the purge, recorded by --audit' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l allow-full-purge -d 'Allow a path that purges the whole resource, such as `/*`; the journal does not store this consent'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -s q -l quiet -d 'Show only errors on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -s v -l verbose -d 'Describe each request on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -l sandbox -d 'Run against an embedded server, started for this command; the options above and their environment variables are ignored'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l op-id -d 'Show only the records of one operation' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l path -d 'Show only the records of this path, of wildcards that match it and, if it has a `*`, of paths that it matches' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l since -d 'Show only records that were created since then: a duration such as `2h`, by the clock of this machine, or a time in UTC such as `2025-08-06T11:39:51Z`. A record whose time cannot be read is always shown' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l state -d 'Show only records in these states' -r -f -a "pending\t'Not finished yet'
purged\t'Finished: the cached copies are gone'
not-cached\t'Finished: there was no cached copy'
unknown\t'Finished, with a status number of unknown meaning'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l page -d 'Page number, starting at 1; not with --path, --since or --state' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l limit -d 'Records per page, 1 to 100 [default: 100]. With --path, --since or --state: the maximum number of records to show [default: all], from as many pages as are needed' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l profile -d 'Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take several, such as `a,b` [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -s o -l organization -d 'Organization [env: PURGE_ORGANIZATION]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -s r -l resource -d 'CDN resource [env: PURGE_RESOURCE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l api-key-file -d 'File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"` [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l token-file -d 'File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l token-command -d 'Command that prints the bearer token; run again if the service refuses the token' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l base-url -d 'Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com] [env: PURGE_BASE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l timeout -d 'Maximum time for one request [default: 30s]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l rate -d 'Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l all -d 'Show all pages, each as soon as it is read'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -l sandbox -d 'Run against an embedded server, started for this command; the options above and their environment variables are ignored'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -s q -l quiet -d 'Show only errors on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -s v -l verbose -d 'Describe each request on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -l wait -d 'Maximum time to wait' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -l profile -d 'Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take several, such as `a,b` [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -s o -l organization -d 'Organization [env: PURGE_ORGANIZATION]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -s r -l resource -d 'CDN resource [env: PURGE_RESOURCE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -l api-key-file -d 'File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"` [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -l token-file -d 'File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -l token-command -d 'Command that prints the bearer token; run again if the service refuses the token' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -l base-url -d 'Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com] [env: PURGE_BASE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -l timeout -d 'Maximum time for one request [default: 30s]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -l rate -d 'Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -l summary -d 'Append the result as Markdown to a file, such as the job summary of a CI system' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -l sandbox -d 'Run against an embedded server, started for this command; the options above and their environment variables are ignored'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -s q -l quiet -d 'Show only errors on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -s v -l verbose -d 'Describe each request on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l from -d 'Read paths from a file, one per line; `-` is standard input' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l urls -d 'All paths are URLs of this host, such as `www.example.com`: purge their paths' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l strip-prefix -d 'All paths begin with this folder, which is not part of the site: remove it' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l prefix -d 'Folder of the site below the root of the resource, prepended to every path' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l profile -d 'Profile of `purge.toml`, for its prefix [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l resolve -d 'Ask the edge of this host and port at each of these addresses, as `curl --resolve` does' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l origin -d 'URL of the origin, to compare with what it serves. This also shows whether the origin\'s clock or a cache in front of it explains an `Age`' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l verify-bytes -d 'Maximum size of a body that is compared, such as 10MiB [default: 64MiB]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l verify-rate -d 'Maximum rate of requests to each host [default: 100/s]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l verify-concurrency -d 'Maximum number of concurrent requests to each host [default: 8]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l seed -d 'Verify the same sample of a wildcard\'s paths as the run that printed this seed' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l since -d 'When the purge was sent: how long ago, such as 10m, or a time, such as 2026-01-31T12:00:00Z' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l wait -d 'Ask again until everything is fresh, for at most this long [without a value: 2m]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l site -d 'The new build, to compare with: a folder, a tar archive or a manifest' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l baseline -d 'The old build, in any of these forms: with `--site`, it shows whether a copy is the old file' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l inventory -d 'Read all paths of the site from a file, like `--from`: a wildcard is verified by the paths that it matches' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l index -d 'A file with this name is served for its folder: purge `/d/index.html` as `/d/` and `/d`, too' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l template -d 'Each file has variants, such as `/en{path}`: purge them, too' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l always -d 'Add the paths in a file, one per line, to every purge that is not empty, such as feeds. They are paths even if all others are file names or URLs' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l summary -d 'Append the result as Markdown to a file, such as the job summary of a CI system' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l edge -d 'An edge to ask, such as https://www.example.com; the option may be given several times' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -s 0 -l null -d 'Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and `git -z`'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l raw -d 'All paths are file names, relative to the root of the site: percent-encode them'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l query -d 'Allow query strings in paths; whether the service matches query strings is not published'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l clean-urls -d 'Files are served without `.html`: purge `/a.html` as `/a`, too'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l spellings -d 'Purge the other percent-encodings that programs write, too: `/[a]` as `/%5Ba%5D` and `/%5ba%5d`'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -l with-query -d 'Purge every path with all its query strings, too: `/a` as `/a?*`; whether the service matches query strings is not published'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -s q -l quiet -d 'Show only errors on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -s v -l verbose -d 'Describe each request on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l from -d 'Read paths from a file, one per line; `-` is standard input' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l urls -d 'All paths are URLs of this host, such as `www.example.com`: purge their paths' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l strip-prefix -d 'All paths begin with this folder, which is not part of the site: remove it' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l prefix -d 'Folder of the site below the root of the resource, prepended to every path' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l inventory -d 'Read all paths of the site from a file, as with `--from`, and purge a directory by one wildcard where that purges only requested paths' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l max-requests -d 'Purge directories by a wildcard until everything fits into N requests; with `--inventory`, choose those that purge the fewest other paths' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l max-extra -d 'Maximum number of other paths of the inventory that may be purged as well [default: 0; with `--max-requests`, as many as it takes]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l site -d 'Purge what differs between the baseline and this folder or tar archive, then replace the baseline' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l baseline -d 'Manifest of the site that was purged last, in the format of `sha256sum`' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l index -d 'A file with this name is served for its folder: purge `/d/index.html` as `/d/` and `/d`, too' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l template -d 'Each file has variants, such as `/en{path}`: purge them, too' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l always -d 'Add the paths in a file, one per line, to every purge that is not empty, such as feeds. They are paths even if all others are file names or URLs' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l queue -d 'Addresses of the queue\'s NATS servers, separated by commas [env: PURGE_QUEUE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l lane -d 'Name of the account\'s queue [env: PURGE_QUEUE_LANE] [default: default]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l queue-credentials -d 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l profile -d 'Profile of `purge.toml`, for its resource, its lane and its prefix [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l producer -d 'Name of the program that enqueues, such as cms [env: PURGE_QUEUE_PRODUCER]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -s r -l resource -d 'CDN resource UUID [env: PURGE_RESOURCE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l id -d 'Name of the request, for one request only; if it is unknown whether it was stored, enqueue it again under the same name [default: a random one]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l expires -d 'How long paths may wait, at most a year; paths that have not been sent by then are never sent [default: 24h; with `--site` and without `--wait`: a year]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l deadline -d 'How long storing may take' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l wait -d 'Wait until every path is purged, up to this long; ends with exit code 5 if the worker stops following a purge before it has ended [without a value: 5m]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -s 0 -l null -d 'Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and `git -z`'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l raw -d 'All paths are file names, relative to the root of the site: percent-encode them'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l query -d 'Allow query strings in paths; whether the service matches query strings is not published'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l allow-full-purge -d 'Allow a path that purges the whole resource, such as `/*`'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l first-run -d 'If there is no baseline, write it and purge nothing'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l quick -d 'Read only files whose size or modification time differs from the last run with `--quick`; misses a change that keeps both'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l clean-urls -d 'Files are served without `.html`: purge `/a.html` as `/a`, too'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l spellings -d 'Purge the other percent-encodings that programs write, too: `/[a]` as `/%5Ba%5D` and `/%5ba%5d`'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l with-query -d 'Purge every path with all its query strings, too: `/a` as `/a?*`; whether the service matches query strings is not published'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -l bulk -d 'Low priority: sent when nothing else is waiting, but always gets one batch in ten'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand enqueue" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand status" -l path -d 'Only this path' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand status" -l queue -d 'Addresses of the queue\'s NATS servers, separated by commas [env: PURGE_QUEUE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand status" -l lane -d 'Name of the account\'s queue [env: PURGE_QUEUE_LANE] [default: default]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand status" -l queue-credentials -d 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand status" -l profile -d 'Profile of `purge.toml`, for its resource, its lane and its prefix [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand status" -l producer -d 'Name of the program that enqueues, such as cms [env: PURGE_QUEUE_PRODUCER]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand status" -s r -l resource -d 'CDN resource UUID [env: PURGE_RESOURCE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand status" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l queue -d 'Addresses of the queue\'s NATS servers, separated by commas [env: PURGE_QUEUE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l lane -d 'Name of the account\'s queue [env: PURGE_QUEUE_LANE] [default: default]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l queue-credentials -d 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l profile -d 'Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take several, such as `a,b` [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -s o -l organization -d 'Organization [env: PURGE_ORGANIZATION]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -s r -l resource -d 'CDN resource [env: PURGE_RESOURCE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l api-key-file -d 'File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"` [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l token-file -d 'File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l token-command -d 'Command that prints the bearer token; run again if the service refuses the token' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l base-url -d 'Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com] [env: PURGE_BASE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l timeout -d 'Maximum time for one request [default: 30s]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l rate -d 'Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l also -d 'Also purge this CDN resource; all workers of a lane must purge the same ones' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l everything-from -d 'Allow this producer to purge a whole resource' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l window -d 'How long a path waits for others to share its request, at most 1m' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l concurrency -d 'Maximum number of requests in flight [default: 4]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l follow -d 'How long to follow operations until they finish; with 0s, a path\'s outcome is that its purge was accepted, which is not a success of `enqueue --wait`' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l holder -d 'Name of this worker, shown while it holds the lane [default: its process ID]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l metrics -d 'Serve metrics at http://ADDRESS/metrics, for example with 127.0.0.1:9464' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -s q -l quiet -d 'Show only errors on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -l sandbox -d 'Run against an embedded server, started for this command; the options above and their environment variables are ignored'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand worker" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and not __fish_seen_subcommand_from init check show log pause go drop help" -s h -l help -d 'Print help'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and not __fish_seen_subcommand_from init check show log pause go drop help" -f -a "init" -d 'Set up the queue; leaves existing streams unchanged'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and not __fish_seen_subcommand_from init check show log pause go drop help" -f -a "check" -d 'Find settings that could lose paths, and lanes without a worker'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and not __fish_seen_subcommand_from init check show log pause go drop help" -f -a "show" -d 'Show who holds the lane, and which paths are waiting'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and not __fish_seen_subcommand_from init check show log pause go drop help" -f -a "log" -d 'Show the journal of the workers'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and not __fish_seen_subcommand_from init check show log pause go drop help" -f -a "pause" -d 'Stop workers from sending anything new'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and not __fish_seen_subcommand_from init check show log pause go drop help" -f -a "go" -d 'End the pause'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and not __fish_seen_subcommand_from init check show log pause go drop help" -f -a "drop" -d 'Drop the paths of a request that are still waiting'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and not __fish_seen_subcommand_from init check show log pause go drop help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from init" -l queue -d 'Addresses of the queue\'s NATS servers, separated by commas [env: PURGE_QUEUE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from init" -l lane -d 'Name of the account\'s queue [env: PURGE_QUEUE_LANE] [default: default]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from init" -l queue-credentials -d 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from init" -l replicas -d 'How many nodes keep each message; use 1 only to try it out' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from init" -l lease -d 'How long a worker that has died keeps the lane' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from check" -l queue -d 'Addresses of the queue\'s NATS servers, separated by commas [env: PURGE_QUEUE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from check" -l lane -d 'Name of the account\'s queue [env: PURGE_QUEUE_LANE] [default: default]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from check" -l queue-credentials -d 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from check" -l monitor -d 'Address of a node\'s monitoring, such as http://127.0.0.1:8222, to check whether it syncs to its disk in time' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from show" -l queue -d 'Addresses of the queue\'s NATS servers, separated by commas [env: PURGE_QUEUE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from show" -l lane -d 'Name of the account\'s queue [env: PURGE_QUEUE_LANE] [default: default]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from show" -l queue-credentials -d 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from show" -l profile -d 'Profile of `purge.toml`, for its lane [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from show" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from log" -l queue -d 'Addresses of the queue\'s NATS servers, separated by commas [env: PURGE_QUEUE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from log" -l lane -d 'Name of the account\'s queue [env: PURGE_QUEUE_LANE] [default: default]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from log" -l queue-credentials -d 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from log" -l profile -d 'Profile of `purge.toml`, for its lane [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from log" -l path -d 'Show only what happened to this path' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from log" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from pause" -l queue -d 'Addresses of the queue\'s NATS servers, separated by commas [env: PURGE_QUEUE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from pause" -l lane -d 'Name of the account\'s queue [env: PURGE_QUEUE_LANE] [default: default]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from pause" -l queue-credentials -d 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from pause" -l profile -d 'Profile of `purge.toml`, for its lane [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from go" -l queue -d 'Addresses of the queue\'s NATS servers, separated by commas [env: PURGE_QUEUE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from go" -l lane -d 'Name of the account\'s queue [env: PURGE_QUEUE_LANE] [default: default]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from go" -l queue-credentials -d 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from go" -l profile -d 'Profile of `purge.toml`, for its lane [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from go" -s h -l help -d 'Print help'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from drop" -l queue -d 'Addresses of the queue\'s NATS servers, separated by commas [env: PURGE_QUEUE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from drop" -l lane -d 'Name of the account\'s queue [env: PURGE_QUEUE_LANE] [default: default]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from drop" -l queue-credentials -d 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from drop" -l profile -d 'Profile of `purge.toml`, for its resource, its lane and its prefix [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from drop" -l producer -d 'Name of the program that enqueues, such as cms [env: PURGE_QUEUE_PRODUCER]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from drop" -s r -l resource -d 'CDN resource UUID [env: PURGE_RESOURCE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from drop" -s h -l help -d 'Print help'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "init" -d 'Set up the queue; leaves existing streams unchanged'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "check" -d 'Find settings that could lose paths, and lanes without a worker'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show who holds the lane, and which paths are waiting'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "log" -d 'Show the journal of the workers'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "pause" -d 'Stop workers from sending anything new'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "go" -d 'End the pause'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "drop" -d 'Drop the paths of a request that are still waiting'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -l listen -d 'Address to listen on; port 0 picks a free port' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -l origin -d 'Where the edge gets the files that it caches: a folder, or an HTTP server on this machine (http://127.0.0.1:PORT) [default: a small built-in site]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -l origin-later -d 'Replace the origin\'s folder with this one after a delay, to simulate an upload that arrives late' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -l pop -d 'Add a point of presence at /pop/NAME/, which purges a path this much later than the others, or responds with 403 or with a challenge for browsers; the option may be given several times' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -l purge-delay -d 'How long a purge job takes' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -l star -d 'The minimum that a `*` matches; what the real service does is unknown' -r -f -a "one-or-more\t'`/blog/*` leaves `/blog/` cached'
zero-or-more\t'`/blog/*` also purges `/blog/`'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -l faults -d 'JSON file of faults: what the server does wrong, and when' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -l rate-limit -d 'Respond with 429 to requests above this rate, such as 5/s or 30/m. 5/s allows a burst of 5 requests, then one every 200 ms' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -l token-lifetime -d 'How long a token is valid [default: 4h for a token from a login; PURGE_TOKEN does not expire]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -l allow-non-loopback -d 'Allow an address that other machines can reach, and requests whose Host header does not name this machine; traffic is not encrypted'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -l compress -d 'Encode files with gzip or Brotli for visitors that accept it, and cache each variant separately'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -s q -l quiet -d 'Do not log requests to standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand config" -l profile -d 'Profile of `purge.toml`, whose settings take precedence over the environment [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand config" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -l path -d 'Purge this path, too, and follow it until it is finished' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -l wait -d 'Maximum time to follow the path' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -l profile -d 'Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take several, such as `a,b` [env: PURGE_PROFILE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -s o -l organization -d 'Organization [env: PURGE_ORGANIZATION]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -s r -l resource -d 'CDN resource [env: PURGE_RESOURCE]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -l api-key-file -d 'File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"` [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -l token-file -d 'File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -l token-command -d 'Command that prints the bearer token; run again if the service refuses the token' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -l base-url -d 'Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com] [env: PURGE_BASE_URL]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -l timeout -d 'Maximum time for one request [default: 30s]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -l rate -d 'Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]' -r
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -l report -d 'Write the result to a file, too, as Markdown for a bug report: without secrets, identifiers and the names of your hosts. Only an earlier report is overwritten' -r -F
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -l output -d 'Format of the result on standard output' -r -f -a "text\t'For people'
json\t'One JSON object'
ndjson\t'One JSON object per line, for each operation or record, as soon as it is known'"
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -l sandbox -d 'Run against an embedded server, started for this command; the options above and their environment variables are ignored'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -s q -l quiet -d 'Show only errors on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -s v -l verbose -d 'Describe each request on standard error'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "create" -d 'Purge paths'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "plan" -d 'Show what `create` would send, without sending it'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "diff" -d 'Show which files differ between two builds of a site'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "resume" -d 'Resume an interrupted run'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "list" -d 'List purge requests'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "wait" -d 'Wait until operations have finished'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "verify" -d 'Ask the edges whether they have the new files'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "enqueue" -d 'Store paths in a queue, for a worker to purge'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "status" -d 'Show the outcome of an enqueued request'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "worker" -d 'Purge enqueued paths, or stand by while another worker does'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "queue" -d 'Set up, check and operate a queue'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "sandbox" -d 'Run the embedded server'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "config" -d 'Show the effective settings and where each comes from'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "doctor" -d 'Check the settings, the connection and the account, and compare the service with its descriptions'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "man" -d 'Print a manual page'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and not __fish_seen_subcommand_from create plan diff resume list wait verify enqueue status worker queue sandbox config doctor completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "init" -d 'Set up the queue; leaves existing streams unchanged'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "check" -d 'Find settings that could lose paths, and lanes without a worker'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "show" -d 'Show who holds the lane, and which paths are waiting'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "log" -d 'Show the journal of the workers'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "pause" -d 'Stop workers from sending anything new'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "go" -d 'End the pause'
complete -c cdn-purge -n "__fish_cdn_purge_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "drop" -d 'Drop the paths of a request that are still waiting'

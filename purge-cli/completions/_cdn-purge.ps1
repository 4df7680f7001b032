
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'cdn-purge' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'cdn-purge'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'cdn-purge' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Purge paths')
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Show what `create` would send, without sending it')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show which files differ between two builds of a site')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Resume an interrupted run')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List purge requests')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until operations have finished')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Ask the edges whether they have the new files')
            [CompletionResult]::new('enqueue', 'enqueue', [CompletionResultType]::ParameterValue, 'Store paths in a queue, for a worker to purge')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show the outcome of an enqueued request')
            [CompletionResult]::new('worker', 'worker', [CompletionResultType]::ParameterValue, 'Purge enqueued paths, or stand by while another worker does')
            [CompletionResult]::new('queue', 'queue', [CompletionResultType]::ParameterValue, 'Set up, check and operate a queue')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run the embedded server')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Show the effective settings and where each comes from')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Check the settings, the connection and the account, and compare the service with its descriptions')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'cdn-purge;create' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read paths from a file, one per line; `-` is standard input')
            [CompletionResult]::new('--urls', '--urls', [CompletionResultType]::ParameterName, 'All paths are URLs of this host, such as `www.example.com`: purge their paths')
            [CompletionResult]::new('--strip-prefix', '--strip-prefix', [CompletionResultType]::ParameterName, 'All paths begin with this folder, which is not part of the site: remove it')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Folder of the site below the root of the resource, prepended to every path')
            [CompletionResult]::new('--inventory', '--inventory', [CompletionResultType]::ParameterName, 'Read all paths of the site from a file, as with `--from`, and purge a directory by one wildcard where that purges only requested paths')
            [CompletionResult]::new('--max-requests', '--max-requests', [CompletionResultType]::ParameterName, 'Purge directories by a wildcard until everything fits into N requests; with `--inventory`, choose those that purge the fewest other paths')
            [CompletionResult]::new('--max-extra', '--max-extra', [CompletionResultType]::ParameterName, 'Maximum number of other paths of the inventory that may be purged as well [default: 0; with `--max-requests`, as many as it takes]')
            [CompletionResult]::new('--site', '--site', [CompletionResultType]::ParameterName, 'Purge what differs between the baseline and this folder or tar archive, then replace the baseline')
            [CompletionResult]::new('--baseline', '--baseline', [CompletionResultType]::ParameterName, 'Manifest of the site that was purged last, in the format of `sha256sum`')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'A file with this name is served for its folder: purge `/d/index.html` as `/d/` and `/d`, too')
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'Each file has variants, such as `/en{path}`: purge them, too')
            [CompletionResult]::new('--always', '--always', [CompletionResultType]::ParameterName, 'Add the paths in a file, one per line, to every purge that is not empty, such as feeds. They are paths even if all others are file names or URLs')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take several, such as `a,b` [env: PURGE_PROFILE]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Organization [env: PURGE_ORGANIZATION]')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'Organization [env: PURGE_ORGANIZATION]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'CDN resource [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'CDN resource [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--api-key-file', '--api-key-file', [CompletionResultType]::ParameterName, 'File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"` [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Command that prints the bearer token; run again if the service refuses the token')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com] [env: PURGE_BASE_URL]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Maximum time for one request [default: 30s]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until all operations have finished, for at most this long [without a value: 5m]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Maximum number of concurrent requests [default: 4]')
            [CompletionResult]::new('--max-attempts', '--max-attempts', [CompletionResultType]::ParameterName, 'Maximum number of attempts per request [default: 4]')
            [CompletionResult]::new('--journal', '--journal', [CompletionResultType]::ParameterName, 'Record in a new file what is sent and accepted, so that an interrupted run can be resumed with `cdn-purge resume FILE`. With several profiles, it is a new folder with a file for each')
            [CompletionResult]::new('--verify', '--verify', [CompletionResultType]::ParameterName, 'After the purge, ask the edges until they have the new files, for at most this long [without a value: 2m]')
            [CompletionResult]::new('--origin-ready', '--origin-ready', [CompletionResultType]::ParameterName, 'Before anything is sent, wait until the origin has the files of `--site` and none that was removed, for at most this long [without a value: 2m]')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Ask the edge of this host and port at each of these addresses, as `curl --resolve` does')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Append the result as Markdown to a file, such as the job summary of a CI system')
            [CompletionResult]::new('--audit', '--audit', [CompletionResultType]::ParameterName, 'Append one line of JSON to a file for this run: who, where and why, the counts and the operations. Several runs may share the file')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Reason for the purge, recorded by --audit')
            [CompletionResult]::new('--edge', '--edge', [CompletionResultType]::ParameterName, 'An edge to ask, such as https://www.example.com; the option may be given several times')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'URL of the origin, to compare with what it serves. This also shows whether the origin''s clock or a cache in front of it explains an `Age`')
            [CompletionResult]::new('--verify-bytes', '--verify-bytes', [CompletionResultType]::ParameterName, 'Maximum size of a body that is compared, such as 10MiB [default: 64MiB]')
            [CompletionResult]::new('--verify-rate', '--verify-rate', [CompletionResultType]::ParameterName, 'Maximum rate of requests to each host [default: 100/s]')
            [CompletionResult]::new('--verify-concurrency', '--verify-concurrency', [CompletionResultType]::ParameterName, 'Maximum number of concurrent requests to each host [default: 8]')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Verify the same sample of a wildcard''s paths as the run that printed this seed')
            [CompletionResult]::new('-0', '-0', [CompletionResultType]::ParameterName, 'Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and `git -z`')
            [CompletionResult]::new('--null', '--null', [CompletionResultType]::ParameterName, 'Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and `git -z`')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'All paths are file names, relative to the root of the site: percent-encode them')
            [CompletionResult]::new('--query', '--query', [CompletionResultType]::ParameterName, 'Allow query strings in paths; whether the service matches query strings is not published')
            [CompletionResult]::new('--allow-full-purge', '--allow-full-purge', [CompletionResultType]::ParameterName, 'Allow a path that purges the whole resource, such as `/*`')
            [CompletionResult]::new('--first-run', '--first-run', [CompletionResultType]::ParameterName, 'If there is no baseline, write it and purge nothing')
            [CompletionResult]::new('--quick', '--quick', [CompletionResultType]::ParameterName, 'Read only files whose size or modification time differs from the last run with `--quick`; misses a change that keeps both')
            [CompletionResult]::new('--clean-urls', '--clean-urls', [CompletionResultType]::ParameterName, 'Files are served without `.html`: purge `/a.html` as `/a`, too')
            [CompletionResult]::new('--spellings', '--spellings', [CompletionResultType]::ParameterName, 'Purge the other percent-encodings that programs write, too: `/[a]` as `/%5Ba%5D` and `/%5ba%5d`')
            [CompletionResult]::new('--with-query', '--with-query', [CompletionResultType]::ParameterName, 'Purge every path with all its query strings, too: `/a` as `/a?*`; whether the service matches query strings is not published')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Run against an embedded server, started for this command; the options above and their environment variables are ignored')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Send nothing; the same as `cdn-purge plan`')
            [CompletionResult]::new('--again', '--again', [CompletionResultType]::ParameterName, 'Purge paths that are still stale once more, and verify them again')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;plan' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read paths from a file, one per line; `-` is standard input')
            [CompletionResult]::new('--urls', '--urls', [CompletionResultType]::ParameterName, 'All paths are URLs of this host, such as `www.example.com`: purge their paths')
            [CompletionResult]::new('--strip-prefix', '--strip-prefix', [CompletionResultType]::ParameterName, 'All paths begin with this folder, which is not part of the site: remove it')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Folder of the site below the root of the resource, prepended to every path')
            [CompletionResult]::new('--inventory', '--inventory', [CompletionResultType]::ParameterName, 'Read all paths of the site from a file, as with `--from`, and purge a directory by one wildcard where that purges only requested paths')
            [CompletionResult]::new('--max-requests', '--max-requests', [CompletionResultType]::ParameterName, 'Purge directories by a wildcard until everything fits into N requests; with `--inventory`, choose those that purge the fewest other paths')
            [CompletionResult]::new('--max-extra', '--max-extra', [CompletionResultType]::ParameterName, 'Maximum number of other paths of the inventory that may be purged as well [default: 0; with `--max-requests`, as many as it takes]')
            [CompletionResult]::new('--site', '--site', [CompletionResultType]::ParameterName, 'Purge what differs between the baseline and this folder or tar archive, then replace the baseline')
            [CompletionResult]::new('--baseline', '--baseline', [CompletionResultType]::ParameterName, 'Manifest of the site that was purged last, in the format of `sha256sum`')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'A file with this name is served for its folder: purge `/d/index.html` as `/d/` and `/d`, too')
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'Each file has variants, such as `/en{path}`: purge them, too')
            [CompletionResult]::new('--always', '--always', [CompletionResultType]::ParameterName, 'Add the paths in a file, one per line, to every purge that is not empty, such as feeds. They are paths even if all others are file names or URLs')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, for its prefix and its rate [env: PURGE_PROFILE]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Show how long sending takes at this rate, such as 5/s or 30/m')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Append the result as Markdown to a file, such as the job summary of a CI system')
            [CompletionResult]::new('-0', '-0', [CompletionResultType]::ParameterName, 'Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and `git -z`')
            [CompletionResult]::new('--null', '--null', [CompletionResultType]::ParameterName, 'Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and `git -z`')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'All paths are file names, relative to the root of the site: percent-encode them')
            [CompletionResult]::new('--query', '--query', [CompletionResultType]::ParameterName, 'Allow query strings in paths; whether the service matches query strings is not published')
            [CompletionResult]::new('--allow-full-purge', '--allow-full-purge', [CompletionResultType]::ParameterName, 'Allow a path that purges the whole resource, such as `/*`')
            [CompletionResult]::new('--first-run', '--first-run', [CompletionResultType]::ParameterName, 'If there is no baseline, write it and purge nothing')
            [CompletionResult]::new('--quick', '--quick', [CompletionResultType]::ParameterName, 'Read only files whose size or modification time differs from the last run with `--quick`; misses a change that keeps both')
            [CompletionResult]::new('--clean-urls', '--clean-urls', [CompletionResultType]::ParameterName, 'Files are served without `.html`: purge `/a.html` as `/a`, too')
            [CompletionResult]::new('--spellings', '--spellings', [CompletionResultType]::ParameterName, 'Purge the other percent-encodings that programs write, too: `/[a]` as `/%5Ba%5D` and `/%5ba%5d`')
            [CompletionResult]::new('--with-query', '--with-query', [CompletionResultType]::ParameterName, 'Purge every path with all its query strings, too: `/a` as `/a?*`; whether the service matches query strings is not published')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;diff' {
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('-0', '-0', [CompletionResultType]::ParameterName, 'End each name with a NUL byte and not with a line break')
            [CompletionResult]::new('--null', '--null', [CompletionResultType]::ParameterName, 'End each name with a NUL byte and not with a line break')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;resume' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take several, such as `a,b` [env: PURGE_PROFILE]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Organization [env: PURGE_ORGANIZATION]')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'Organization [env: PURGE_ORGANIZATION]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'CDN resource [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'CDN resource [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--api-key-file', '--api-key-file', [CompletionResultType]::ParameterName, 'File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"` [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Command that prints the bearer token; run again if the service refuses the token')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com] [env: PURGE_BASE_URL]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Maximum time for one request [default: 30s]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until all operations have finished, for at most this long [without a value: 5m]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Maximum number of concurrent requests [default: 4]')
            [CompletionResult]::new('--max-attempts', '--max-attempts', [CompletionResultType]::ParameterName, 'Maximum number of attempts per request [default: 4]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Append the result as Markdown to a file, such as the job summary of a CI system')
            [CompletionResult]::new('--audit', '--audit', [CompletionResultType]::ParameterName, 'Append one line of JSON to a file for this run: who, where and why, the counts and the operations. Several runs may share the file')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Reason for the purge, recorded by --audit')
            [CompletionResult]::new('--allow-full-purge', '--allow-full-purge', [CompletionResultType]::ParameterName, 'Allow a path that purges the whole resource, such as `/*`; the journal does not store this consent')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Run against an embedded server, started for this command; the options above and their environment variables are ignored')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;list' {
            [CompletionResult]::new('--op-id', '--op-id', [CompletionResultType]::ParameterName, 'Show only the records of one operation')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Show only the records of this path, of wildcards that match it and, if it has a `*`, of paths that it matches')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Show only records that were created since then: a duration such as `2h`, by the clock of this machine, or a time in UTC such as `2025-08-06T11:39:51Z`. A record whose time cannot be read is always shown')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Show only records in these states')
            [CompletionResult]::new('--page', '--page', [CompletionResultType]::ParameterName, 'Page number, starting at 1; not with --path, --since or --state')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Records per page, 1 to 100 [default: 100]. With --path, --since or --state: the maximum number of records to show [default: all], from as many pages as are needed')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take several, such as `a,b` [env: PURGE_PROFILE]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Organization [env: PURGE_ORGANIZATION]')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'Organization [env: PURGE_ORGANIZATION]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'CDN resource [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'CDN resource [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--api-key-file', '--api-key-file', [CompletionResultType]::ParameterName, 'File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"` [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Command that prints the bearer token; run again if the service refuses the token')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com] [env: PURGE_BASE_URL]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Maximum time for one request [default: 30s]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Show all pages, each as soon as it is read')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Run against an embedded server, started for this command; the options above and their environment variables are ignored')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;wait' {
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Maximum time to wait')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take several, such as `a,b` [env: PURGE_PROFILE]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Organization [env: PURGE_ORGANIZATION]')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'Organization [env: PURGE_ORGANIZATION]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'CDN resource [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'CDN resource [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--api-key-file', '--api-key-file', [CompletionResultType]::ParameterName, 'File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"` [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Command that prints the bearer token; run again if the service refuses the token')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com] [env: PURGE_BASE_URL]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Maximum time for one request [default: 30s]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Append the result as Markdown to a file, such as the job summary of a CI system')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Run against an embedded server, started for this command; the options above and their environment variables are ignored')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;verify' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read paths from a file, one per line; `-` is standard input')
            [CompletionResult]::new('--urls', '--urls', [CompletionResultType]::ParameterName, 'All paths are URLs of this host, such as `www.example.com`: purge their paths')
            [CompletionResult]::new('--strip-prefix', '--strip-prefix', [CompletionResultType]::ParameterName, 'All paths begin with this folder, which is not part of the site: remove it')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Folder of the site below the root of the resource, prepended to every path')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, for its prefix [env: PURGE_PROFILE]')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Ask the edge of this host and port at each of these addresses, as `curl --resolve` does')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'URL of the origin, to compare with what it serves. This also shows whether the origin''s clock or a cache in front of it explains an `Age`')
            [CompletionResult]::new('--verify-bytes', '--verify-bytes', [CompletionResultType]::ParameterName, 'Maximum size of a body that is compared, such as 10MiB [default: 64MiB]')
            [CompletionResult]::new('--verify-rate', '--verify-rate', [CompletionResultType]::ParameterName, 'Maximum rate of requests to each host [default: 100/s]')
            [CompletionResult]::new('--verify-concurrency', '--verify-concurrency', [CompletionResultType]::ParameterName, 'Maximum number of concurrent requests to each host [default: 8]')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Verify the same sample of a wildcard''s paths as the run that printed this seed')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'When the purge was sent: how long ago, such as 10m, or a time, such as 2026-01-31T12:00:00Z')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Ask again until everything is fresh, for at most this long [without a value: 2m]')
            [CompletionResult]::new('--site', '--site', [CompletionResultType]::ParameterName, 'The new build, to compare with: a folder, a tar archive or a manifest')
            [CompletionResult]::new('--baseline', '--baseline', [CompletionResultType]::ParameterName, 'The old build, in any of these forms: with `--site`, it shows whether a copy is the old file')
            [CompletionResult]::new('--inventory', '--inventory', [CompletionResultType]::ParameterName, 'Read all paths of the site from a file, like `--from`: a wildcard is verified by the paths that it matches')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'A file with this name is served for its folder: purge `/d/index.html` as `/d/` and `/d`, too')
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'Each file has variants, such as `/en{path}`: purge them, too')
            [CompletionResult]::new('--always', '--always', [CompletionResultType]::ParameterName, 'Add the paths in a file, one per line, to every purge that is not empty, such as feeds. They are paths even if all others are file names or URLs')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('--summary', '--summary', [CompletionResultType]::ParameterName, 'Append the result as Markdown to a file, such as the job summary of a CI system')
            [CompletionResult]::new('--edge', '--edge', [CompletionResultType]::ParameterName, 'An edge to ask, such as https://www.example.com; the option may be given several times')
            [CompletionResult]::new('-0', '-0', [CompletionResultType]::ParameterName, 'Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and `git -z`')
            [CompletionResult]::new('--null', '--null', [CompletionResultType]::ParameterName, 'Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and `git -z`')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'All paths are file names, relative to the root of the site: percent-encode them')
            [CompletionResult]::new('--query', '--query', [CompletionResultType]::ParameterName, 'Allow query strings in paths; whether the service matches query strings is not published')
            [CompletionResult]::new('--clean-urls', '--clean-urls', [CompletionResultType]::ParameterName, 'Files are served without `.html`: purge `/a.html` as `/a`, too')
            [CompletionResult]::new('--spellings', '--spellings', [CompletionResultType]::ParameterName, 'Purge the other percent-encodings that programs write, too: `/[a]` as `/%5Ba%5D` and `/%5ba%5d`')
            [CompletionResult]::new('--with-query', '--with-query', [CompletionResultType]::ParameterName, 'Purge every path with all its query strings, too: `/a` as `/a?*`; whether the service matches query strings is not published')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;enqueue' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Read paths from a file, one per line; `-` is standard input')
            [CompletionResult]::new('--urls', '--urls', [CompletionResultType]::ParameterName, 'All paths are URLs of this host, such as `www.example.com`: purge their paths')
            [CompletionResult]::new('--strip-prefix', '--strip-prefix', [CompletionResultType]::ParameterName, 'All paths begin with this folder, which is not part of the site: remove it')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Folder of the site below the root of the resource, prepended to every path')
            [CompletionResult]::new('--inventory', '--inventory', [CompletionResultType]::ParameterName, 'Read all paths of the site from a file, as with `--from`, and purge a directory by one wildcard where that purges only requested paths')
            [CompletionResult]::new('--max-requests', '--max-requests', [CompletionResultType]::ParameterName, 'Purge directories by a wildcard until everything fits into N requests; with `--inventory`, choose those that purge the fewest other paths')
            [CompletionResult]::new('--max-extra', '--max-extra', [CompletionResultType]::ParameterName, 'Maximum number of other paths of the inventory that may be purged as well [default: 0; with `--max-requests`, as many as it takes]')
            [CompletionResult]::new('--site', '--site', [CompletionResultType]::ParameterName, 'Purge what differs between the baseline and this folder or tar archive, then replace the baseline')
            [CompletionResult]::new('--baseline', '--baseline', [CompletionResultType]::ParameterName, 'Manifest of the site that was purged last, in the format of `sha256sum`')
            [CompletionResult]::new('--index', '--index', [CompletionResultType]::ParameterName, 'A file with this name is served for its folder: purge `/d/index.html` as `/d/` and `/d`, too')
            [CompletionResult]::new('--template', '--template', [CompletionResultType]::ParameterName, 'Each file has variants, such as `/en{path}`: purge them, too')
            [CompletionResult]::new('--always', '--always', [CompletionResultType]::ParameterName, 'Add the paths in a file, one per line, to every purge that is not empty, such as feeds. They are paths even if all others are file names or URLs')
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'Addresses of the queue''s NATS servers, separated by commas [env: PURGE_QUEUE_URL]')
            [CompletionResult]::new('--lane', '--lane', [CompletionResultType]::ParameterName, 'Name of the account''s queue [env: PURGE_QUEUE_LANE] [default: default]')
            [CompletionResult]::new('--queue-credentials', '--queue-credentials', [CompletionResultType]::ParameterName, 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, for its resource, its lane and its prefix [env: PURGE_PROFILE]')
            [CompletionResult]::new('--producer', '--producer', [CompletionResultType]::ParameterName, 'Name of the program that enqueues, such as cms [env: PURGE_QUEUE_PRODUCER]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'CDN resource UUID [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'CDN resource UUID [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Name of the request, for one request only; if it is unknown whether it was stored, enqueue it again under the same name [default: a random one]')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'How long paths may wait, at most a year; paths that have not been sent by then are never sent [default: 24h; with `--site` and without `--wait`: a year]')
            [CompletionResult]::new('--deadline', '--deadline', [CompletionResultType]::ParameterName, 'How long storing may take')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until every path is purged, up to this long; ends with exit code 5 if the worker stops following a purge before it has ended [without a value: 5m]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('-0', '-0', [CompletionResultType]::ParameterName, 'Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and `git -z`')
            [CompletionResult]::new('--null', '--null', [CompletionResultType]::ParameterName, 'Paths in files end with a NUL byte instead of a line break, as in the output of `find -print0` and `git -z`')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'All paths are file names, relative to the root of the site: percent-encode them')
            [CompletionResult]::new('--query', '--query', [CompletionResultType]::ParameterName, 'Allow query strings in paths; whether the service matches query strings is not published')
            [CompletionResult]::new('--allow-full-purge', '--allow-full-purge', [CompletionResultType]::ParameterName, 'Allow a path that purges the whole resource, such as `/*`')
            [CompletionResult]::new('--first-run', '--first-run', [CompletionResultType]::ParameterName, 'If there is no baseline, write it and purge nothing')
            [CompletionResult]::new('--quick', '--quick', [CompletionResultType]::ParameterName, 'Read only files whose size or modification time differs from the last run with `--quick`; misses a change that keeps both')
            [CompletionResult]::new('--clean-urls', '--clean-urls', [CompletionResultType]::ParameterName, 'Files are served without `.html`: purge `/a.html` as `/a`, too')
            [CompletionResult]::new('--spellings', '--spellings', [CompletionResultType]::ParameterName, 'Purge the other percent-encodings that programs write, too: `/[a]` as `/%5Ba%5D` and `/%5ba%5d`')
            [CompletionResult]::new('--with-query', '--with-query', [CompletionResultType]::ParameterName, 'Purge every path with all its query strings, too: `/a` as `/a?*`; whether the service matches query strings is not published')
            [CompletionResult]::new('--bulk', '--bulk', [CompletionResultType]::ParameterName, 'Low priority: sent when nothing else is waiting, but always gets one batch in ten')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;status' {
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Only this path')
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'Addresses of the queue''s NATS servers, separated by commas [env: PURGE_QUEUE_URL]')
            [CompletionResult]::new('--lane', '--lane', [CompletionResultType]::ParameterName, 'Name of the account''s queue [env: PURGE_QUEUE_LANE] [default: default]')
            [CompletionResult]::new('--queue-credentials', '--queue-credentials', [CompletionResultType]::ParameterName, 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, for its resource, its lane and its prefix [env: PURGE_PROFILE]')
            [CompletionResult]::new('--producer', '--producer', [CompletionResultType]::ParameterName, 'Name of the program that enqueues, such as cms [env: PURGE_QUEUE_PRODUCER]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'CDN resource UUID [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'CDN resource UUID [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;worker' {
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'Addresses of the queue''s NATS servers, separated by commas [env: PURGE_QUEUE_URL]')
            [CompletionResult]::new('--lane', '--lane', [CompletionResultType]::ParameterName, 'Name of the account''s queue [env: PURGE_QUEUE_LANE] [default: default]')
            [CompletionResult]::new('--queue-credentials', '--queue-credentials', [CompletionResultType]::ParameterName, 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take several, such as `a,b` [env: PURGE_PROFILE]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Organization [env: PURGE_ORGANIZATION]')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'Organization [env: PURGE_ORGANIZATION]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'CDN resource [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'CDN resource [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--api-key-file', '--api-key-file', [CompletionResultType]::ParameterName, 'File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"` [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Command that prints the bearer token; run again if the service refuses the token')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com] [env: PURGE_BASE_URL]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Maximum time for one request [default: 30s]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]')
            [CompletionResult]::new('--also', '--also', [CompletionResultType]::ParameterName, 'Also purge this CDN resource; all workers of a lane must purge the same ones')
            [CompletionResult]::new('--everything-from', '--everything-from', [CompletionResultType]::ParameterName, 'Allow this producer to purge a whole resource')
            [CompletionResult]::new('--window', '--window', [CompletionResultType]::ParameterName, 'How long a path waits for others to share its request, at most 1m')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Maximum number of requests in flight [default: 4]')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'How long to follow operations until they finish; with 0s, a path''s outcome is that its purge was accepted, which is not a success of `enqueue --wait`')
            [CompletionResult]::new('--holder', '--holder', [CompletionResultType]::ParameterName, 'Name of this worker, shown while it holds the lane [default: its process ID]')
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Serve metrics at http://ADDRESS/metrics, for example with 127.0.0.1:9464')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Run against an embedded server, started for this command; the options above and their environment variables are ignored')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;queue' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set up the queue; leaves existing streams unchanged')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Find settings that could lose paths, and lanes without a worker')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show who holds the lane, and which paths are waiting')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show the journal of the workers')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Stop workers from sending anything new')
            [CompletionResult]::new('go', 'go', [CompletionResultType]::ParameterValue, 'End the pause')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Drop the paths of a request that are still waiting')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'cdn-purge;queue;init' {
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'Addresses of the queue''s NATS servers, separated by commas [env: PURGE_QUEUE_URL]')
            [CompletionResult]::new('--lane', '--lane', [CompletionResultType]::ParameterName, 'Name of the account''s queue [env: PURGE_QUEUE_LANE] [default: default]')
            [CompletionResult]::new('--queue-credentials', '--queue-credentials', [CompletionResultType]::ParameterName, 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]')
            [CompletionResult]::new('--replicas', '--replicas', [CompletionResultType]::ParameterName, 'How many nodes keep each message; use 1 only to try it out')
            [CompletionResult]::new('--lease', '--lease', [CompletionResultType]::ParameterName, 'How long a worker that has died keeps the lane')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'cdn-purge;queue;check' {
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'Addresses of the queue''s NATS servers, separated by commas [env: PURGE_QUEUE_URL]')
            [CompletionResult]::new('--lane', '--lane', [CompletionResultType]::ParameterName, 'Name of the account''s queue [env: PURGE_QUEUE_LANE] [default: default]')
            [CompletionResult]::new('--queue-credentials', '--queue-credentials', [CompletionResultType]::ParameterName, 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]')
            [CompletionResult]::new('--monitor', '--monitor', [CompletionResultType]::ParameterName, 'Address of a node''s monitoring, such as http://127.0.0.1:8222, to check whether it syncs to its disk in time')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'cdn-purge;queue;show' {
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'Addresses of the queue''s NATS servers, separated by commas [env: PURGE_QUEUE_URL]')
            [CompletionResult]::new('--lane', '--lane', [CompletionResultType]::ParameterName, 'Name of the account''s queue [env: PURGE_QUEUE_LANE] [default: default]')
            [CompletionResult]::new('--queue-credentials', '--queue-credentials', [CompletionResultType]::ParameterName, 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, for its lane [env: PURGE_PROFILE]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;queue;log' {
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'Addresses of the queue''s NATS servers, separated by commas [env: PURGE_QUEUE_URL]')
            [CompletionResult]::new('--lane', '--lane', [CompletionResultType]::ParameterName, 'Name of the account''s queue [env: PURGE_QUEUE_LANE] [default: default]')
            [CompletionResult]::new('--queue-credentials', '--queue-credentials', [CompletionResultType]::ParameterName, 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, for its lane [env: PURGE_PROFILE]')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Show only what happened to this path')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;queue;pause' {
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'Addresses of the queue''s NATS servers, separated by commas [env: PURGE_QUEUE_URL]')
            [CompletionResult]::new('--lane', '--lane', [CompletionResultType]::ParameterName, 'Name of the account''s queue [env: PURGE_QUEUE_LANE] [default: default]')
            [CompletionResult]::new('--queue-credentials', '--queue-credentials', [CompletionResultType]::ParameterName, 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, for its lane [env: PURGE_PROFILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'cdn-purge;queue;go' {
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'Addresses of the queue''s NATS servers, separated by commas [env: PURGE_QUEUE_URL]')
            [CompletionResult]::new('--lane', '--lane', [CompletionResultType]::ParameterName, 'Name of the account''s queue [env: PURGE_QUEUE_LANE] [default: default]')
            [CompletionResult]::new('--queue-credentials', '--queue-credentials', [CompletionResultType]::ParameterName, 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, for its lane [env: PURGE_PROFILE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'cdn-purge;queue;drop' {
            [CompletionResult]::new('--queue', '--queue', [CompletionResultType]::ParameterName, 'Addresses of the queue''s NATS servers, separated by commas [env: PURGE_QUEUE_URL]')
            [CompletionResult]::new('--lane', '--lane', [CompletionResultType]::ParameterName, 'Name of the account''s queue [env: PURGE_QUEUE_LANE] [default: default]')
            [CompletionResult]::new('--queue-credentials', '--queue-credentials', [CompletionResultType]::ParameterName, 'File with one line, `USER:PASSWORD`, for the queue, readable only by you [env: PURGE_QUEUE_CREDENTIALS]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, for its resource, its lane and its prefix [env: PURGE_PROFILE]')
            [CompletionResult]::new('--producer', '--producer', [CompletionResultType]::ParameterName, 'Name of the program that enqueues, such as cms [env: PURGE_QUEUE_PRODUCER]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'CDN resource UUID [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'CDN resource UUID [env: PURGE_RESOURCE]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'cdn-purge;queue;help' {
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set up the queue; leaves existing streams unchanged')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Find settings that could lose paths, and lanes without a worker')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show who holds the lane, and which paths are waiting')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show the journal of the workers')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Stop workers from sending anything new')
            [CompletionResult]::new('go', 'go', [CompletionResultType]::ParameterValue, 'End the pause')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Drop the paths of a request that are still waiting')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'cdn-purge;queue;help;init' {
            break
        }
        'cdn-purge;queue;help;check' {
            break
        }
        'cdn-purge;queue;help;show' {
            break
        }
        'cdn-purge;queue;help;log' {
            break
        }
        'cdn-purge;queue;help;pause' {
            break
        }
        'cdn-purge;queue;help;go' {
            break
        }
        'cdn-purge;queue;help;drop' {
            break
        }
        'cdn-purge;queue;help;help' {
            break
        }
        'cdn-purge;sandbox' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Address to listen on; port 0 picks a free port')
            [CompletionResult]::new('--origin', '--origin', [CompletionResultType]::ParameterName, 'Where the edge gets the files that it caches: a folder, or an HTTP server on this machine (http://127.0.0.1:PORT) [default: a small built-in site]')
            [CompletionResult]::new('--origin-later', '--origin-later', [CompletionResultType]::ParameterName, 'Replace the origin''s folder with this one after a delay, to simulate an upload that arrives late')
            [CompletionResult]::new('--pop', '--pop', [CompletionResultType]::ParameterName, 'Add a point of presence at /pop/NAME/, which purges a path this much later than the others, or responds with 403 or with a challenge for browsers; the option may be given several times')
            [CompletionResult]::new('--purge-delay', '--purge-delay', [CompletionResultType]::ParameterName, 'How long a purge job takes')
            [CompletionResult]::new('--star', '--star', [CompletionResultType]::ParameterName, 'The minimum that a `*` matches; what the real service does is unknown')
            [CompletionResult]::new('--faults', '--faults', [CompletionResultType]::ParameterName, 'JSON file of faults: what the server does wrong, and when')
            [CompletionResult]::new('--rate-limit', '--rate-limit', [CompletionResultType]::ParameterName, 'Respond with 429 to requests above this rate, such as 5/s or 30/m. 5/s allows a burst of 5 requests, then one every 200 ms')
            [CompletionResult]::new('--token-lifetime', '--token-lifetime', [CompletionResultType]::ParameterName, 'How long a token is valid [default: 4h for a token from a login; PURGE_TOKEN does not expire]')
            [CompletionResult]::new('--allow-non-loopback', '--allow-non-loopback', [CompletionResultType]::ParameterName, 'Allow an address that other machines can reach, and requests whose Host header does not name this machine; traffic is not encrypted')
            [CompletionResult]::new('--compress', '--compress', [CompletionResultType]::ParameterName, 'Encode files with gzip or Brotli for visitors that accept it, and cache each variant separately')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Do not log requests to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Do not log requests to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;config' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, whose settings take precedence over the environment [env: PURGE_PROFILE]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;doctor' {
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'Purge this path, too, and follow it until it is finished')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Maximum time to follow the path')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile of `purge.toml`, whose settings take precedence over the environment; `create` and `resume` take several, such as `a,b` [env: PURGE_PROFILE]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Organization [env: PURGE_ORGANIZATION]')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'Organization [env: PURGE_ORGANIZATION]')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'CDN resource [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'CDN resource [env: PURGE_RESOURCE]')
            [CompletionResult]::new('--api-key-file', '--api-key-file', [CompletionResultType]::ParameterName, 'File with an API key and its secret, readable only by you: two lines, `api-key = "…"` and `api-secret = "…"` [for the values themselves, env: PURGE_API_KEY, PURGE_API_SECRET]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token, readable only by you [for the token itself, env: PURGE_TOKEN]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Command that prints the bearer token; run again if the service refuses the token')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'Base URL of the service; plain HTTP only to this machine [default: https://cloud.medianova.com] [env: PURGE_BASE_URL]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Maximum time for one request [default: 30s]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Maximum rate of requests, such as 5/s or 30/m; polls and look-ups count [default: no limit]')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write the result to a file, too, as Markdown for a bug report: without secrets, identifiers and the names of your hosts. Only an earlier report is overwritten')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of the result on standard output')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Run against an embedded server, started for this command; the options above and their environment variables are ignored')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show only errors on standard error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Describe each request on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;man' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cdn-purge;help' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Purge paths')
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Show what `create` would send, without sending it')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show which files differ between two builds of a site')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'Resume an interrupted run')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List purge requests')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until operations have finished')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Ask the edges whether they have the new files')
            [CompletionResult]::new('enqueue', 'enqueue', [CompletionResultType]::ParameterValue, 'Store paths in a queue, for a worker to purge')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show the outcome of an enqueued request')
            [CompletionResult]::new('worker', 'worker', [CompletionResultType]::ParameterValue, 'Purge enqueued paths, or stand by while another worker does')
            [CompletionResult]::new('queue', 'queue', [CompletionResultType]::ParameterValue, 'Set up, check and operate a queue')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run the embedded server')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Show the effective settings and where each comes from')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Check the settings, the connection and the account, and compare the service with its descriptions')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'cdn-purge;help;create' {
            break
        }
        'cdn-purge;help;plan' {
            break
        }
        'cdn-purge;help;diff' {
            break
        }
        'cdn-purge;help;resume' {
            break
        }
        'cdn-purge;help;list' {
            break
        }
        'cdn-purge;help;wait' {
            break
        }
        'cdn-purge;help;verify' {
            break
        }
        'cdn-purge;help;enqueue' {
            break
        }
        'cdn-purge;help;status' {
            break
        }
        'cdn-purge;help;worker' {
            break
        }
        'cdn-purge;help;queue' {
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Set up the queue; leaves existing streams unchanged')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Find settings that could lose paths, and lanes without a worker')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show who holds the lane, and which paths are waiting')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'Show the journal of the workers')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Stop workers from sending anything new')
            [CompletionResult]::new('go', 'go', [CompletionResultType]::ParameterValue, 'End the pause')
            [CompletionResult]::new('drop', 'drop', [CompletionResultType]::ParameterValue, 'Drop the paths of a request that are still waiting')
            break
        }
        'cdn-purge;help;queue;init' {
            break
        }
        'cdn-purge;help;queue;check' {
            break
        }
        'cdn-purge;help;queue;show' {
            break
        }
        'cdn-purge;help;queue;log' {
            break
        }
        'cdn-purge;help;queue;pause' {
            break
        }
        'cdn-purge;help;queue;go' {
            break
        }
        'cdn-purge;help;queue;drop' {
            break
        }
        'cdn-purge;help;sandbox' {
            break
        }
        'cdn-purge;help;config' {
            break
        }
        'cdn-purge;help;doctor' {
            break
        }
        'cdn-purge;help;completions' {
            break
        }
        'cdn-purge;help;man' {
            break
        }
        'cdn-purge;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}

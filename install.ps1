<#
.SYNOPSIS
Installs cdn-purge: downloads the binary of a release for Windows, verifies its checksum, and moves it into place.

.DESCRIPTION
    irm https://raw.githubusercontent.com/purge-rs/purge/v0.1.0/install.ps1 | iex
    .\install.ps1 -Version 0.1.0 -To C:\Tools

Until the last step, nothing is written to the folder that a program could be run from.
CDN_PURGE_MIRROR is the address of a copy of the releases: SHA256SUMS and the archives in a folder vVERSION.

.PARAMETER Version
The version to install.

.PARAMETER To
Where to put the program; by default, Programs\cdn-purge in the local application data of the user.
#>
param(
    # Release-check keeps it equal to the version of the crates.
    [string] $Version = '0.1.0',
    [string] $To = (Join-Path $env:LOCALAPPDATA 'Programs\cdn-purge')
)

# In a function, so that nothing runs before all of this file has arrived, and `iex` changes no settings of the session.
function Install-CdnPurge {
    param([string] $Version, [string] $To)

    $ErrorActionPreference = 'Stop'
    $ProgressPreference = 'SilentlyContinue'
    Set-StrictMode -Version 3

    $Version = $Version -replace '^v', ''
    if ($Version -notmatch '^[0-9][0-9A-Za-z.-]*$') {
        throw "'$Version' is not a version; write it as 0.1.0"
    }
    # Windows on Arm runs programs for x86-64.
    if ($env:PROCESSOR_ARCHITECTURE -notin 'AMD64', 'ARM64') {
        throw "there is no binary for $env:PROCESSOR_ARCHITECTURE; build it: cargo install purge-cli --locked"
    }
    $releases = 'https://github.com/purge-rs/purge/releases/download'
    if ($env:CDN_PURGE_MIRROR) { $releases = $env:CDN_PURGE_MIRROR.TrimEnd('/') }
    if ($releases -notmatch '^(https://[^@]*|http://(127\.0\.0\.1|localhost):[0-9]+(/[^@]*)?)$') {
        throw "CDN_PURGE_MIRROR is '$releases'; it must begin with https://"
    }
    $stem = "cdn-purge-$Version-x86_64-pc-windows-msvc"
    $archive = "$stem.tar.gz"
    # Windows PowerShell 5.1 offers only old versions of TLS by itself.
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

    New-Item -ItemType Directory -Force -Path $To | Out-Null
    # On the same disk as its destination, so that the last step either happens or does not.
    $work = Join-Path $To ('.cdn-purge.' + [IO.Path]::GetRandomFileName())
    New-Item -ItemType Directory -Path $work | Out-Null
    try {
        foreach ($name in 'SHA256SUMS', $archive) {
            try {
                Invoke-WebRequest -UseBasicParsing -Uri "$releases/v$Version/$name" -OutFile (Join-Path $work $name)
            }
            catch {
                throw "$releases/v$Version/$name could not be downloaded: $($_.Exception.Message); nothing was installed"
            }
        }
        $pattern = '^([0-9a-f]{64}) [ *]' + [regex]::Escape($archive) + '$'
        $sums = Get-Content -Path (Join-Path $work 'SHA256SUMS')
        $expected = $sums | Where-Object { $_ -match $pattern } | ForEach-Object { $_.Substring(0, 64) }
        if (-not $expected) {
            throw "release $Version has no $archive; build it: cargo install purge-cli --version $Version --locked"
        }
        $actual = (Get-FileHash -Algorithm SHA256 -Path (Join-Path $work $archive)).Hash.ToLowerInvariant()
        if ($actual -ne $expected) {
            throw "the checksum of $archive is $actual, but SHA256SUMS says $expected; nothing was installed"
        }
        # The tar of Windows, not one of Git, which reads `C:` as the name of a host.
        & (Join-Path $env:SystemRoot 'System32\tar.exe') -xzf (Join-Path $work $archive) -C $work "$stem/cdn-purge.exe"
        if ($LASTEXITCODE -ne 0) { throw "$archive could not be unpacked; nothing was installed" }
        $program = Join-Path $work "$stem\cdn-purge.exe"
        $says = & $program -V
        if ($says -ne "cdn-purge $Version") {
            throw "the program in $archive says '$says' instead of 'cdn-purge $Version'; nothing was installed"
        }
        Move-Item -Force -Path $program -Destination (Join-Path $To 'cdn-purge.exe')
    }
    finally {
        Remove-Item -Recurse -Force -Path $work
        # Only if nothing was installed is it empty.
        if (-not (Get-ChildItem -Force -Path $To)) { Remove-Item -Path $To }
    }
    Write-Output "installed cdn-purge ${Version}: $(Join-Path $To 'cdn-purge.exe')"
    if (($env:Path -split ';') -notcontains $To) { Write-Output "note: $To is not in PATH" }
}

Install-CdnPurge -Version $Version -To $To

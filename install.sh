#!/bin/sh
# Installs cdn-purge: downloads the binary of a release for this platform, verifies its checksum, and moves it into place.
#
#   curl -fsSL https://raw.githubusercontent.com/purge-rs/purge/v0.1.0/install.sh | sh
#   sh install.sh --version 0.1.0 --to /usr/local/bin
#
# Until the last step, nothing is written to the folder that a program could be run from. The exit code is 0 if the
# version is installed, 1 if it is not, 2 for bad usage, and 3 if the release has no binary for this platform.
set -eu

# Release-check keeps it equal to the version of the crates.
default_version=0.1.0
releases=https://github.com/purge-rs/purge/releases/download

usage() {
  cat << END
Installs cdn-purge, verified by its checksum.

Usage: install.sh [--version VERSION] [--to FOLDER] [--cache FOLDER] [--archive-name]

  --version VERSION  the version to install [default: $default_version]
  --to FOLDER        where to put the program [default: ~/.local/bin]
  --cache FOLDER     keep the downloaded archive there, and use it again while its checksum is right
  --archive-name     print the name of the archive for this platform, and install nothing

CDN_PURGE_MIRROR is the address of a copy of the releases: SHA256SUMS and the archives in a folder vVERSION.
END
}

fail() {
  printf 'error: %s\n' "$2" >&2
  exit "$1"
}

# The name that releases use for this platform.
platform() {
  system=$(uname -s)
  case $system in
    Linux) system=unknown-linux-musl ;;
    Darwin) system=apple-darwin ;;
    MINGW* | MSYS* | CYGWIN* | Windows_NT) system=pc-windows-msvc ;;
    *) fail 3 "there is no binary for $system; build it: cargo install purge-cli --locked" ;;
  esac
  processor=$(uname -m)
  case $processor in
    x86_64 | amd64) processor=x86_64 ;;
    aarch64 | arm64)
      processor=aarch64
      # Windows runs programs for x86-64 there.
      [ "$system" != pc-windows-msvc ] || processor=x86_64
      ;;
    *) fail 3 "there is no binary for $system on $processor; build it: cargo install purge-cli --locked" ;;
  esac
  printf '%s\n' "$processor-$system"
}

# Downloads a file. Returns 4 if the server does not have it.
download() {
  code=0
  if command -v curl > /dev/null; then
    status=$(curl --silent --show-error --location --proto "=$protocol" --retry 2 --connect-timeout 20 --max-time 300 \
      --write-out '%{http_code}' --output "$2" "$1") || code=$?
    [ "$code" -eq 0 ] || fail 1 "$1 could not be downloaded: curl ended with $code; nothing was installed"
    case $status in
      200) ;;
      404 | 410) return 4 ;;
      *) fail 1 "$1 could not be downloaded: the response has status $status; nothing was installed" ;;
    esac
  elif command -v wget > /dev/null; then
    wget -T 60 -O "$2" "$1" 2> "$2.log" || code=$?
    if [ "$code" -ne 0 ]; then
      ! grep -q '404' "$2.log" || return 4
      cat "$2.log" >&2
      fail 1 "$1 could not be downloaded: wget ended with $code; nothing was installed"
    fi
  else
    fail 1 'neither curl nor wget is installed; install one of them'
  fi
}

sha256() {
  if command -v sha256sum > /dev/null; then
    sha256sum < "$1" | cut -d ' ' -f 1
  elif command -v shasum > /dev/null; then
    shasum -a 256 < "$1" | cut -d ' ' -f 1
  elif command -v openssl > /dev/null; then
    openssl dgst -sha256 -r < "$1" | cut -d ' ' -f 1
  else
    fail 1 'none of sha256sum, shasum and openssl is installed, so nothing can be verified; install one of them'
  fi
}

# Puts the verified archive into $work: from the cache, or else from the server.
fetch() {
  code=0
  download "$address/SHA256SUMS" "$work/SHA256SUMS" || code=$?
  [ "$code" -ne 4 ] || fail 1 "there is no release $version at $address; choose another with --version"
  [ "$code" -eq 0 ] || exit "$code"
  expected=$(sed -n "s/^\\([0-9a-f]\\{64\\}\\) [ *]$archive\$/\\1/p" "$work/SHA256SUMS")
  [ -n "$expected" ] || fail 3 "release $version has no $archive; build it: cargo install purge-cli --version $version --locked"
  if [ -n "$cache" ] && [ -f "$cache/$archive" ]; then
    cp "$cache/$archive" "$work/$archive"
    [ "$(sha256 "$work/$archive")" != "$expected" ] || return 0
    echo "the archive in $cache has another checksum; it is downloaded again" >&2
  fi
  download "$address/$archive" "$work/$archive" || code=$?
  [ "$code" -eq 0 ] || fail 1 "$address/$archive is not there; nothing was installed"
  actual=$(sha256 "$work/$archive")
  [ "$actual" = "$expected" ] ||
    fail 1 "the checksum of $archive is $actual, but SHA256SUMS says $expected; nothing was installed"
  if [ -n "$cache" ]; then
    mkdir -p "$cache"
    cp "$work/$archive" "$cache/.$archive.$$"
    mv -f "$cache/.$archive.$$" "$cache/$archive"
  fi
}

clean() {
  [ -z "$work" ] || rm -rf "$work"
  # Only if nothing was installed is it empty.
  ! $created || rmdir "$to" 2> /dev/null || true
}

main() {
  # Nothing that runs here needs the token or the account.
  for name in $(env | sed -n 's/^\(PURGE_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done

  version=$default_version to='' cache='' name_only=false
  while [ $# -gt 0 ]; do
    case $1 in
      --version | --to | --cache)
        [ -n "${2:-}" ] || fail 2 "$1 needs a value"
        case $1 in
          --version) version=${2#v} ;;
          --to) to=$2 ;;
          --cache) cache=$2 ;;
        esac
        shift 2
        ;;
      --archive-name) name_only=true && shift ;;
      --help | -h) usage && exit 0 ;;
      *) fail 2 "unknown argument $1; see --help" ;;
    esac
  done
  case $version in
    *[!0-9A-Za-z.-]* | [!0-9]*) fail 2 "'$version' is not a version; write it as $default_version" ;;
  esac

  # In a shell of its own, as all that may fail in a substitution.
  target=$(platform) || exit $?
  stem=cdn-purge-$version-$target
  archive=$stem.tar.gz
  if $name_only; then
    printf '%s\n' "$archive"
    return
  fi
  case $target in *windows*) program=cdn-purge.exe ;; *) program=cdn-purge ;; esac

  address=${CDN_PURGE_MIRROR:-$releases}
  # Without TLS, anyone on the network path can replace the program.
  case $address in
    *@*) fail 2 "CDN_PURGE_MIRROR has a user name in it; leave it out" ;;
    https://*) protocol=https ;;
    http://127.0.0.1:* | http://localhost:*) protocol=http ;;
    *) fail 2 "CDN_PURGE_MIRROR is '$address'; it must begin with https://" ;;
  esac
  address=${address%/}/v$version

  note=false
  if [ -z "$to" ]; then
    note=true
    [ -n "${HOME:-}" ] || fail 2 'HOME is not set; name a folder with --to'
    to=$HOME/.local/bin
  fi
  work=''
  created=false
  trap 'clean' EXIT
  trap 'exit 1' HUP INT TERM
  if [ ! -d "$to" ]; then
    mkdir -p "$to" || fail 1 "the folder $to could not be created; choose another with --to"
    created=true
  fi
  # On the same disk as its destination, so that the last step either happens or does not.
  work=$(mktemp -d "$to/.cdn-purge.XXXXXX") || fail 1 "$to is not writable; choose another folder with --to"

  fetch
  # As input: in the shell of Git for Windows, tar would take the `C` of `C:` for the name of a host.
  tar -xzf - -C "$work" "$stem/$program" < "$work/$archive" ||
    fail 1 "$archive could not be unpacked; nothing was installed"
  # Another version, or a binary for another system, is not installed either.
  says=$("$work/$stem/$program" -V) || fail 1 "the program in $archive does not run here; nothing was installed"
  [ "$says" = "cdn-purge $version" ] ||
    fail 1 "the program in $archive says '$says' instead of 'cdn-purge $version'; nothing was installed"
  mv -f "$work/$stem/$program" "$to/$program" || fail 1 "$to/$program could not be replaced; nothing was installed"
  echo "installed cdn-purge $version: $to/$program"
  case :${PATH:-}: in
    *:"$to":*) ;;
    *) ! $note || echo "note: $to is not in PATH" ;;
  esac
}

# Nothing runs before all of this file has arrived.
main "$@"

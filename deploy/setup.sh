#!/usr/bin/env bash
# Installs what Entente needs to build and run its tests on Debian 12. Idempotent: a second run finds nothing to do.
#
#   deploy/setup.sh --list    print what would be installed and exit
#   deploy/setup.sh --check   exit 0 when everything is present, 1 otherwise
#   deploy/setup.sh           install what is missing (needs root; without it prints the one line to run and exits 1)
#
# libsodium 1.0.22 (X-Wing) is in Debian unstable only. It is taken from the machine's own Debian mirror, pinned so that
# nothing else can come from unstable. Where that package does not install, Debian's source package is built instead;
# ENTENTE_SODIUM=source builds it in any case, =binary never (docs/adr/0002-libsodium-from-unstable.md).
set -euo pipefail

packages=(
  build-essential ca-certificates ccache cmake ninja-build pkg-config mold git
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc libabsl-dev
  libssl-dev libp11-kit-dev librocksdb-dev libsimdjson-dev libtomlplusplus-dev libcli11-dev libspdlog-dev
  prometheus-cpp-dev libboost-dev
  clang-14 libclang-rt-14-dev
  libgtest-dev librapidcheck-dev libbenchmark-dev softhsm2 python3 python3-pytest python3-pytest-xdist
  python3-cryptography
  clang-format-14 clang-tidy-14
)
sodium_packages=(libsodium-dev libsodium26)
sodium_minimum=1.0.22

installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

missing_packages() {
  local package
  for package in "${packages[@]}"; do installed "$package" || echo "$package"; done
}

sodium_present() {
  installed libsodium-dev &&
    dpkg --compare-versions "$(dpkg-query -W -f='${Version}' libsodium-dev)" ge "$sodium_minimum"
}

# Prints a deb822 source for unstable derived from the machine's first Debian source, so that mirrors keep working.
unstable_source() {
  local deb822 uri keyring
  deb822=$(grep -lE '^Suites:.*(bookworm|trixie|stable)' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -1 || true)
  if [ -n "$deb822" ]; then
    uri=$(awk '/^URIs:/{print $2; exit}' "$deb822")
    keyring=$(awk '/^Signed-By:/{print $2; exit}' "$deb822")
  else
    uri=$(awk '$1=="deb" && $0 ~ /bookworm|trixie|stable/ {for(i=2;i<=NF;i++) if ($i ~ /^https?:/) {print $i; exit}}' \
      /etc/apt/sources.list 2>/dev/null || true)
    keyring=
  fi
  [ -n "$uri" ] || { echo "setup: no Debian package source found in /etc/apt; add one and run again" >&2; return 1; }
  printf 'Types: deb\nURIs: %s\nSuites: sid\nComponents: main\nSigned-By: %s\n' \
    "$uri" "${keyring:-/usr/share/keyrings/debian-archive-keyring.gpg}"
}

pin_preferences() {
  printf 'Package: *\nPin: release n=sid\nPin-Priority: 50\n\n'
  printf 'Package: %s\nPin: release n=sid\nPin-Priority: 990\n' "${sodium_packages[*]}"
}

# Builds the static library and headers of Debian's source package and installs them as a package of their own, named
# libsodium-dev, so that apt knows what is on the machine. apt checks the source against the archive's signature; only
# what that covers is unpacked. Everything happens in the folder $1.
build_sodium() {
  local version root=$1/root
  unstable_source | sed 's/^Types: deb$/Types: deb-src/' >/etc/apt/sources.list.d/entente-sid-source.sources
  apt-get -q -o Acquire::Retries=3 update
  (cd "$1" && apt-get -q source --download-only libsodium/sid && dpkg-source -x libsodium_*.dsc source)
  rm -f /etc/apt/sources.list.d/entente-sid-source.sources
  version=$(cd "$1/source" && dpkg-parsechangelog -S Version)
  dpkg --compare-versions "$version" ge "$sodium_minimum"
  (cd "$1/source" && ./configure --prefix=/usr --libdir="/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)" \
    --disable-shared --enable-static --with-pic --disable-dependency-tracking && make -j"$(nproc)" && make -j"$(nproc)" check &&
    make install DESTDIR="$root")
  mkdir -p "$root/DEBIAN"
  printf '%s\n' 'Package: libsodium-dev' "Version: $version+entente" "Architecture: $(dpkg --print-architecture)" \
    'Maintainer: the user of this machine <root@localhost>' 'Section: libdevel' 'Priority: optional' \
    'Description: libsodium, static, built from the source package of Debian unstable by deploy/setup.sh' \
    >"$root/DEBIAN/control"
  dpkg-deb --root-owner-group --build "$root" "$1/libsodium-dev.deb"
  dpkg -i "$1/libsodium-dev.deb"
}

case "${ENTENTE_SODIUM:-either}" in
  either | binary | source) ;;
  *) echo "setup: ENTENTE_SODIUM is '$ENTENTE_SODIUM'; use binary, source, or leave it unset" >&2; exit 2 ;;
esac
mapfile -t absent < <(missing_packages)
missing=("${absent[@]}")
sodium_present || missing+=("${sodium_packages[@]}")

case "${1:-}" in
  --list) printf '%s\n' "${packages[@]}" "${sodium_packages[@]}"; exit 0 ;;
  --check) [ "${#missing[@]}" -eq 0 ]; exit ;;
  "") ;;
  *) echo "setup: unknown option '$1'; use --list, --check or nothing" >&2; exit 2 ;;
esac

[ "${#missing[@]}" -eq 0 ] && exit 0

echo "setup: will install ${#missing[@]} Debian packages: ${missing[*]}" >&2
if [ "$(id -u)" -ne 0 ]; then
  if sodium_present; then
    echo "setup: not root. Run this, then start again:" >&2
    echo "  sudo apt-get install --no-install-recommends -y ${missing[*]}" >&2
  else
    echo "setup: not root, and libsodium >= $sodium_minimum comes from unstable, pinned. Run this, then start again:" >&2
    printf "  sudo sh -c 'printf \"%s\" > /etc/apt/sources.list.d/entente-sid.sources; printf \"%s\" > /etc/apt/preferences.d/entente-sid; apt-get update; apt-get install --no-install-recommends -y %s'\n" \
      "$(unstable_source | sed 's/$/\\n/' | tr -d '\n')" "$(pin_preferences | sed 's/$/\\n/' | tr -d '\n')" "${missing[*]}" >&2
  fi
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; [ "$(id -u)" -ne 0 ] || rm -f /etc/apt/sources.list.d/entente-sid-source.sources' EXIT
log=$scratch/log
failed() {
  tail -25 "$log" >&2
  echo "setup: $1 (its last lines are above); mend the package source and run again" >&2
  exit 1
}
install_packages() { apt-get -q install --no-install-recommends -y "$@"; }

if [ "${#absent[@]}" -gt 0 ]; then
  { apt-get -q -o Acquire::Retries=3 update && install_packages "${absent[@]}"; } >"$log" 2>&1 || failed "apt-get failed"
fi
if ! sodium_present && [ "${ENTENTE_SODIUM:-either}" != source ]; then
  unstable_source >/etc/apt/sources.list.d/entente-sid.sources
  pin_preferences >/etc/apt/preferences.d/entente-sid
  if { apt-get -q -o Acquire::Retries=3 update && install_packages "${sodium_packages[@]}"; } >"$log" 2>&1 &&
    sodium_present; then
    echo "setup: libsodium $(dpkg-query -W -f='${Version}' libsodium-dev) is unstable's binary package" >&2
  elif [ "${ENTENTE_SODIUM:-either}" = binary ]; then
    failed "unstable's binary package of libsodium does not install"
  else
    tail -3 "$log" >&2
    rm -f /etc/apt/sources.list.d/entente-sid.sources /etc/apt/preferences.d/entente-sid
    echo "setup: unstable's binary package of libsodium does not install here; building its source package" >&2
  fi
fi
if ! sodium_present; then
  # A function in a condition runs without `set -e`: a shell of its own keeps it.
  (set -euo pipefail; build_sodium "$scratch") >"$log" 2>&1 &
  wait $! || failed "libsodium's source package was not built"
  echo "setup: libsodium $(dpkg-query -W -f='${Version}' libsodium-dev) is built from unstable's source package" >&2
fi
if ! sodium_present; then
  echo "setup: libsodium $sodium_minimum or newer could not be installed;" \
    "docs/adr/0002-libsodium-from-unstable.md names the alternatives" >&2
  exit 1
fi
echo "setup: done" >&2

#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# scripts/nic on a machine that is made up: a fake /sys, and a fake `ip` that knows one default
# route and one address.
set -u

nic=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
sys=$root/sys
failed=0

add_driver() {
	mkdir -p "$sys/bus/pci/drivers/$1"
}

# PCI, class, driver, interface, state, speed
add_device() {
	local device=$sys/bus/pci/devices/$1

	mkdir -p "$device"
	echo "$2" >"$device/class"
	echo 0 >"$device/numa_node"
	: >"$device/driver_override"
	if [ "$3" != - ]; then
		add_driver "$3"
		ln -s "$sys/bus/pci/drivers/$3" "$device/driver"
	fi
	[ "$4" = - ] && return
	mkdir -p "$device/net/$4" "$sys/class/net/$4"
	echo "$5" >"$sys/class/net/$4/operstate"
	echo "$6" >"$sys/class/net/$4/speed"
}

expect() {
	local what=$1 wanted=$2 output=$3

	grep -qE -- "$wanted" <<<"$output" && return
	failed=1
	printf 'FAILED %s: no "%s" in:\n%s\n' "$what" "$wanted" "$output"
}

# what, wanted status, wanted text, arguments
check() {
	local what=$1 status=$2 wanted=$3 output got

	shift 3
	output=$(PATH=$root:$PATH "$nic" --sysfs "$sys" "$@" 2>&1)
	got=$?
	expect "$what" "$wanted" "$output"
	[ $got = "$status" ] && return
	failed=1
	echo "FAILED $what: exit status $got, not $status"
}

cat >"$root/ip" <<'END'
#!/bin/sh
case "$*" in
"-o route show default") echo "default via 192.0.2.1 dev mgmt0 proto dhcp" ;;
"-o address show dev with-address scope global") echo "5: with-address inet 192.0.2.9/24" ;;
esac
END
chmod +x "$root/ip"

mkdir -p "$sys/bus/pci/devices" "$sys/class/net"
check 'a machine without ports' 0 'no Ethernet port on a PCI bus' list

add_device 0000:00:01.0 0x020000 e1000e mgmt0 up 1000
add_device 0000:17:00.0 0x020000 ice ens1f0 up 100000
add_device 0000:17:00.1 0x020000 ice with-address down -1
add_device 0000:31:00.0 0x020000 mlx5_core ens3 up 25000
add_device 0000:4b:00.0 0x020000 vfio-pci -
add_device 0000:5e:00.0 0x020000 - -
add_device 0000:5f:00.0 0x020000 strange odd0 up 2500
add_device 0000:60:00.0 0x030000 gpu -
mkdir -p "$root/master" && ln -s "$root/master" "$sys/class/net/odd0/master"

check 'the default route' 0 '^0000:00:01.0 +0 +e1000e +mgmt0 +up +1G +in use: mgmt0 carries the' list
check 'a free port' 0 '^0000:17:00.0 +0 +ice +ens1f0 +up +100G +scripts/nic bind 0000:17:00.0$' list
check 'addresses, no speed' 0 '^0000:17:00.1 .* with-address +down +- +in use: .* addresses' list
check 'bifurcated' 0 '^0000:31:00.0 .* 25G +ready: stays with mlx5_core' list
check 'bound' 0 '^0000:4b:00.0 +0 +vfio-pci +- +- +- +ready: bound' list
check 'no driver' 0 '^0000:5e:00.0 +0 +- +- .*scripts/nic bind' list
check 'a bond' 0 '^0000:5f:00.0 .* 2500M +in use: odd0 belongs to master' list
PATH=$root:$PATH "$nic" --sysfs "$sys" list | grep -q 60:00.0 && failed=1 && echo 'FAILED: a GPU'

check 'not an address' 1 'is not a PCI address' bind eth0
check 'not there' 1 'no device 0000:99:00.0' bind 99:00.0
check 'not Ethernet' 1 'not an Ethernet port' bind 0000:60:00.0
check 'no address given' 1 'needs one PCI address' bind
check 'unknown command' 1 'unknown command' frobnicate
check 'unknown option' 1 'unknown option' list --frobnicate
check 'help' 0 'usage: scripts/nic' help
check 'nothing asked' 2 'usage: scripts/nic'

check 'keeps the default route' 1 'mgmt0 carries the default route.*--force' bind 0000:00:01.0
check 'keeps addresses' 1 'with-address has addresses.*--force' bind 0000:17:00.1
check 'bifurcated is left' 0 'stays with mlx5_core.*rdma-core' bind 31:00.0
check 'bound already' 0 'bound to vfio-pci already' bind 4b:00.0
check 'unknown driver' 1 "'strange'; --force" bind 5f:00.0
check 'no IOMMU' 1 'no IOMMU protects' bind 17:00.0

mkdir -p "$sys/module/vfio/parameters"
echo Y >"$sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
check 'no-IOMMU mode is told' 0 'unsafe no-IOMMU mode is on' --dry-run bind 17:00.0

group=$root/group
mkdir -p "$group/devices"
for pci in 0000:17:00.0 0000:17:00.1; do
	ln -s "$sys/bus/pci/devices/$pci" "$group/devices/$pci"
	ln -s "$group" "$sys/bus/pci/devices/$pci/iommu_group"
done
check 'group' 0 '0000:17:00.1 \(ice\) is of the same IOMMU group' --dry-run bind 17:00.0
check 'override' 0 "write 'vfio-pci' to .*17:00.0/driver_override" --dry-run bind 17:00.0
check 'unbinds' 0 "write '0000:17:00.0' to .*/driver/unbind" --dry-run bind 17:00.0
check 'probes' 0 "write '0000:17:00.0' to .*/drivers_probe" --dry-run bind 17:00.0
check 'forced' 0 'taken all the same' --dry-run --force bind 17:00.1
check 'a bind that did not take' 1 'did not bind; see: dmesg' bind 17:00.0
[ "$(cat "$sys/bus/pci/devices/0000:17:00.0/driver_override")" = vfio-pci ] ||
	{ failed=1 && echo 'FAILED: the override was not written'; }
check 'not bound' 1 'is not bound to vfio-pci' unbind 17:00.0
check 'given back' 0 "write '' to .*4b:00.0/driver_override" --dry-run unbind 4b:00.0

exit $failed

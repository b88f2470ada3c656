# DevStack plugin of Tachyon: installs and runs its three daemons.
#
# They share the machine's RabbitMQ, in a virtual host of DevStack's, and an
# SQLite file under $TACHYON_STATE_PATH. Placement itself is left as it is.

function is_tachyon_enabled {
    [[ ,${ENABLED_SERVICES} =~ ,"tachyon-" ]]
}

function install_tachyon {
    setup_develop "$TACHYON_DIR"
}

function configure_tachyon {
    sudo install -d -o "$STACK_USER" "$TACHYON_CONF_DIR"
    sudo install -d -o "$STACK_USER" "$TACHYON_STATE_PATH"
    rm -f "$TACHYON_CONF"
    iniset "$TACHYON_CONF" DEFAULT debug "$ENABLE_DEBUG_LOG_LEVEL"
    iniset "$TACHYON_CONF" DEFAULT state_path "$TACHYON_STATE_PATH"
    iniset "$TACHYON_CONF" api host "$TACHYON_API_HOST"
    iniset "$TACHYON_CONF" api port "$TACHYON_API_PORT"
    iniset "$TACHYON_CONF" api workers "$TACHYON_API_WORKERS"
    iniset_rpc_backend tachyon "$TACHYON_CONF" DEFAULT
    setup_logging "$TACHYON_CONF"
}

function init_tachyon {
    "$TACHYON_BIN_DIR/tachyon-manage" --config-file "$TACHYON_CONF" db sync
}

function start_tachyon {
    local daemon
    for daemon in api scheduler compute; do
        run_process "tachyon-$daemon" \
            "$TACHYON_BIN_DIR/tachyon-$daemon --config-file $TACHYON_CONF"
    done
    local url="http://$SERVICE_HOST:$TACHYON_API_PORT/"
    if is_service_enabled tachyon-api \
            && ! wait_for_service "$SERVICE_TIMEOUT" "$url"; then
        die $LINENO "tachyon-api did not start"
    fi
}

function stop_tachyon {
    local daemon
    for daemon in api scheduler compute; do
        stop_process "tachyon-$daemon"
    done
}

function cleanup_tachyon {
    sudo rm -rf "$TACHYON_STATE_PATH" "$TACHYON_CONF_DIR"
}

if is_tachyon_enabled; then
    TACHYON_BIN_DIR=$(get_python_exec_prefix)
    case "$1 ${2:-}" in
    "stack install")
        echo_summary "Installing Tachyon"
        install_tachyon
        ;;
    "stack post-config")
        echo_summary "Configuring Tachyon"
        configure_tachyon
        ;;
    "stack extra")
        echo_summary "Starting Tachyon"
        init_tachyon
        start_tachyon
        ;;
    "unstack ")
        stop_tachyon
        ;;
    "clean ")
        cleanup_tachyon
        ;;
    esac
fi

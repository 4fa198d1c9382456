"""From text masters to what students receive: notebooks, recordings, the wheel and the kit."""
